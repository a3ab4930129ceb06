using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Text.Unicode;

namespace SockConformance.Captures;

/// <summary>
/// An IP address and a port as plain numbers: millions of them are compared and none is allocated. Two halves and no UInt128: methods that touch one
/// are not compiled ahead of time.
/// </summary>
/// <param name="High">The first half of an IPv6 address.</param>
/// <param name="Low">The second half; or an IPv4 address.</param>
public readonly record struct Endpoint(ulong High, ulong Low, ushort Port, bool V6) : IUtf8SpanFormattable
{
    public static Endpoint Of(IPEndPoint endpoint) => Of(endpoint.Address.GetAddressBytes(), (ushort)endpoint.Port, endpoint.AddressFamily == AddressFamily.InterNetworkV6);

    /// <param name="address">As packets have it; longer than needed, perhaps.</param>
    internal static Endpoint Of(ReadOnlySpan<byte> address, ushort port, bool v6) => v6
        ? new(BinaryPrimitives.ReadUInt64BigEndian(address), BinaryPrimitives.ReadUInt64BigEndian(address[8..]), port, true)
        : new(0, BinaryPrimitives.ReadUInt32BigEndian(address), port, false);

    public IPAddress Ip
    {
        get
        {
            Span<byte> bytes = stackalloc byte[16];
            BinaryPrimitives.WriteUInt64BigEndian(bytes, High);
            BinaryPrimitives.WriteUInt64BigEndian(bytes[8..], Low);
            return new IPAddress(V6 ? bytes : bytes[12..]);
        }
    }

    public IPEndPoint ToIPEndPoint() => new(Ip, Port);

    /// <summary>Any order will do, as long as it is one.</summary>
    internal int CompareTo(in Endpoint other) => Port != other.Port ? Port.CompareTo(other.Port) : High != other.High ? High.CompareTo(other.High) : Low.CompareTo(other.Low);

    public override string ToString() => ToIPEndPoint().ToString();

    /// <summary>The same text. Of IPv4 it is put together here: a report of many flows has two for each, and the way through IPAddress makes three objects.</summary>
    public bool TryFormat(Span<byte> utf8Destination, out int bytesWritten, ReadOnlySpan<char> format, IFormatProvider? provider)
    {
        if (V6) return Utf8.TryWrite(utf8Destination, $"{ToString()}", out bytesWritten);
        var address = (uint)Low;
        return Utf8.TryWrite(utf8Destination, CultureInfo.InvariantCulture, $"{address >> 24}.{(address >> 16) & 0xff}.{(address >> 8) & 0xff}.{address & 0xff}:{Port}", out bytesWritten);
    }

}

/// <summary>The two ends of a flow in an order that does not depend on the direction, and the protocol.</summary>
internal readonly struct FlowKey : IEquatable<FlowKey>
{
    private readonly ulong firstHigh, firstLow, secondHigh, secondLow, ports;

    public FlowKey(in Endpoint source, in Endpoint destination, bool tcp)
    {
        var forward = source.CompareTo(destination) <= 0;
        ref readonly var first = ref forward ? ref source : ref destination;
        ref readonly var second = ref forward ? ref destination : ref source;
        (firstHigh, firstLow, secondHigh, secondLow) = (first.High, first.Low, second.High, second.Low);
        ports = ((ulong)first.Port << 32) | ((ulong)second.Port << 8) | (tcp ? 1u : 0) | (source.V6 ? 2u : 0);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Equals(FlowKey other) => ports == other.ports && firstLow == other.firstLow && secondLow == other.secondLow && firstHigh == other.firstHigh && secondHigh == other.secondHigh;

    public override bool Equals(object? obj) => obj is FlowKey other && Equals(other);

    public override int GetHashCode()
    {
        // Multiply and fold: ports differ most between the flows of one capture.
        var mixed = (ports * 0x9E3779B97F4A7C15) ^ (firstLow * 0xC2B2AE3D27D4EB4F) ^ (secondLow * 0x165667B19E3779F9) ^ firstHigh ^ (secondHigh * 31);
        return (int)(mixed >> 32) ^ (int)mixed;
    }
}
