using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;

namespace SockConformance.Captures;

/// <summary>An IP address and a port as plain numbers: millions of them are compared and none is allocated.</summary>
/// <param name="Address">Of IPv4 the low 32 bits.</param>
public readonly record struct Endpoint(UInt128 Address, ushort Port, bool V6)
{
    public static Endpoint Of(IPEndPoint endpoint) => endpoint.AddressFamily == AddressFamily.InterNetworkV6
        ? new(BinaryPrimitives.ReadUInt128BigEndian(endpoint.Address.GetAddressBytes()), (ushort)endpoint.Port, true)
        : new(BinaryPrimitives.ReadUInt32BigEndian(endpoint.Address.GetAddressBytes()), (ushort)endpoint.Port, false);

    public IPAddress Ip
    {
        get
        {
            Span<byte> bytes = stackalloc byte[16];
            BinaryPrimitives.WriteUInt128BigEndian(bytes, Address);
            return new IPAddress(V6 ? bytes : bytes[12..]);
        }
    }

    public IPEndPoint ToIPEndPoint() => new(Ip, Port);

    /// <summary>Any order will do, as long as it is one.</summary>
    internal int CompareTo(in Endpoint other) => Port != other.Port ? Port.CompareTo(other.Port) : Address.CompareTo(other.Address);

    public override string ToString() => ToIPEndPoint().ToString();
}

/// <summary>The two ends of a flow in an order that does not depend on the direction, and the protocol.</summary>
internal readonly struct FlowKey : IEquatable<FlowKey>
{
    private readonly UInt128 low, high;
    private readonly ulong ports;

    public FlowKey(in Endpoint source, in Endpoint destination, bool tcp)
    {
        var forward = source.CompareTo(destination) <= 0;
        (low, high) = forward ? (source.Address, destination.Address) : (destination.Address, source.Address);
        ports = ((ulong)(forward ? source.Port : destination.Port) << 32) | ((ulong)(forward ? destination.Port : source.Port) << 8) | (tcp ? 1u : 0) | (source.V6 ? 2u : 0);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Equals(FlowKey other) => ports == other.ports && low == other.low && high == other.high;

    public override bool Equals(object? obj) => obj is FlowKey other && Equals(other);

    public override int GetHashCode()
    {
        // Multiply and fold: ports differ most between the flows of one capture.
        var mixed = (ports * 0x9E3779B97F4A7C15) ^ ((ulong)low * 0xC2B2AE3D27D4EB4F) ^ ((ulong)high * 0x165667B19E3779F9) ^ (ulong)(low >> 64) ^ ((ulong)(high >> 64) * 31);
        return (int)(mixed >> 32) ^ (int)mixed;
    }
}
