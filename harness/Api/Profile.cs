using System.Collections.Immutable;

namespace SockConformance.Api;

/// <summary>Where a platform differs from POSIX in the answers of one situation.</summary>
/// <param name="Why">What the platform does, in words.</param>
/// <param name="Source">Its documentation, or how it was seen.</param>
public sealed record Deviation(Point Point, Answers Allowed, string Why, string Source);

/// <summary>How a platform differs in more than one answer. A profile names them in small letters: <c>drops-beyond-backlog</c>.</summary>
[Flags]
public enum Traits
{
    None = 0,

    /// <summary>A listener with backlog n takes n+1 connections and drops the SYNs of more; elsewhere it is not known how many.</summary>
    DropsBeyondBacklog = 1,

    /// <summary>poll() tells POLLHUP when both directions are over, so a reset can be waited for even where data is unread.</summary>
    TellsHangup = 2,

    /// <summary>A shutdown() that fails with ENOTCONN leaves its mark all the same.</summary>
    FailedShutdownSticks = 4,

    /// <summary>A connect or send on a socket of datagrams leaves it bound, even if it fails.</summary>
    FailedCallsBind = 8,

    /// <summary>A connect that was refused is the end of the socket: nothing but close is possible.</summary>
    FailedConnectEnds = 16,

    /// <summary>A stream socket listens from the moment it is bound, as one call does both; the backlog is the platform's.</summary>
    BindListens = 32,

    /// <summary>A non-blocking connect is under way until somebody asks how it went (SO_ERROR), even if the handshake is long over.</summary>
    ConnectIsAskedFor = 64,

    /// <summary>Data that comes to a socket whose reading is shut down resets the connection.</summary>
    ShutReadResets = 128,

    /// <summary>A connect on a socket of datagrams may throw away those that are there already.</summary>
    ConnectDropsDatagrams = 256,

    /// <summary>A socket of datagrams may be bound by any call that needs an address, even one that fails.</summary>
    CallsMayBind = 512,
}

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

    /// <summary>The traits that there are, by the words of profile files.</summary>
    public static ImmutableArray<(string Word, Traits Trait)> KnownTraits { get; } = [.. Enum.GetValues<Traits>().Where(trait => trait != Traits.None).Select(trait => (Kebab($"{trait}"), trait))];

    public static Profile Posix { get; } = new("posix", "POSIX.1-2024 and the RFCs, nothing else", []);

    public string Name { get; }

    public string Title { get; }

    public ImmutableArray<Deviation> Deviations { get; }

    public Traits Traits { get; init; }

    public bool Has(Traits trait) => (Traits & trait) != Traits.None;

    public Answers Allowed(Point point) => allowed[(int)point];

    /// <summary>DropsBeyondBacklog: drops-beyond-backlog.</summary>
    private static string Kebab(string name) => string.Concat(name.Select((letter, i) => char.IsUpper(letter) ? $"{(i > 0 ? "-" : "")}{char.ToLowerInvariant(letter)}" : $"{letter}"));
}
