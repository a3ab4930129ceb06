using System.Collections.Immutable;

namespace SockConformance.Api;

/// <summary>Where a platform differs from POSIX in the answers of one situation.</summary>
/// <param name="Why">What the platform does, in words.</param>
/// <param name="Source">Its documentation, or how it was seen.</param>
public sealed record Deviation(Point Point, Answers Allowed, string Why, string Source);

/// <summary>What a platform is judged by: POSIX, and the platform's deviations from it.</summary>
public sealed class Profile
{
    private readonly Answers[] allowed;

    public Profile(string name, string title, IEnumerable<Deviation> deviations)
    {
        (Name, Title, Deviations) = (name, title, [.. deviations]);
        allowed = [.. Points.Table.Select(rule => rule.Allowed)];
        foreach (var deviation in Deviations) allowed[(int)deviation.Point] = deviation.Allowed;
    }

    public static Profile Posix { get; } = new("posix", "POSIX.1-2024 and the RFCs, nothing else", []);

    public string Name { get; }

    public string Title { get; }

    public ImmutableArray<Deviation> Deviations { get; }

    /// <summary>A listener with backlog n takes n+1 connections and drops the SYNs of more; elsewhere it is not known how many.</summary>
    public bool DropsBeyondBacklog { get; init; }

    /// <summary>poll() tells POLLHUP when both directions are over, so a reset can be waited for even where data is unread.</summary>
    public bool TellsHangup { get; init; }

    /// <summary>A shutdown() that fails with ENOTCONN leaves its mark all the same.</summary>
    public bool FailedShutdownSticks { get; init; }

    /// <summary>A connect or send on a socket of datagrams leaves it bound, even if it fails.</summary>
    public bool FailedCallsBind { get; init; }

    /// <summary>A connect that was refused is the end of the socket: nothing but close is possible.</summary>
    public bool FailedConnectEnds { get; init; }

    public Answers Allowed(Point point) => allowed[(int)point];
}
