using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using SockConformance.Model;

namespace SockConformance.Wire;

/// <summary>The lines of /proc/net/udp and /proc/net/udp6 (proc(5)): addresses in hexadecimal, each group of four bytes in the machine's order.</summary>
internal static class ProcNet
{
    /// <summary>The sockets of a file; a line that cannot be read (the first is a heading) is left out.</summary>
    public static IEnumerable<ServerSocket> Sockets(IEnumerable<string> lines)
    {
        foreach (var line in lines)
        {
            if (line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is not [_, var local, var remote, var state, ..]) continue;
            if (Endpoint(local) is { } at && Endpoint(remote) is { } peer && byte.TryParse(state, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var number))
                yield return new ServerSocket(at, peer, (TcpState)number);
        }
    }

    private static IPEndPoint? Endpoint(string text)
    {
        if (text.Split(':') is not [{ Length: 8 or 32 } address, { Length: 4 } port]) return null;
        if (!ushort.TryParse(port, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var number)) return null;
        var bytes = new byte[address.Length / 2];
        for (var i = 0; i < bytes.Length; i += 4)
        {
            if (!uint.TryParse(address.AsSpan(2 * i, 8), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var group)) return null;
            if (BitConverter.IsLittleEndian) BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(i), group);
            else BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(i), group);
        }

        return new IPEndPoint(new IPAddress(bytes), number);
    }
}
