using System.Collections.Immutable;
using SockConformance.Model;

namespace SockConformance.Generate;

/// <summary>The phrases scenarios are made of.</summary>
public static class Talk
{
    public static Scenario Scenario(string situation, params IEnumerable<Step>[] parts) => new(situation, [.. parts.SelectMany(part => part)]);

    public static IEnumerable<Step> Connect(int socket) => [new Step.Connect(socket)];

    /// <summary>Send, then receive as many bytes: an echo.</summary>
    public static IEnumerable<Step> Exchange(int socket, Payload data, ImmutableArray<int> cuts = default, int pause = 0) =>
        [new Step.Send(socket, data, cuts.IsDefault ? [] : cuts, pause), new Step.Receive(socket, data.Size)];

    /// <summary>Half-close, read to the end, close: the orderly end.</summary>
    public static IEnumerable<Step> Finish(int socket) => [new Step.ShutdownWrite(socket), new Step.Receive(socket, null), new Step.Close(socket)];

    /// <summary>A whole connection with one exchange; it does not wait for the server's end of it, which is not every requirement's matter.</summary>
    public static IEnumerable<Step> Visit(int socket, Payload data) => [.. Connect(socket), .. Exchange(socket, data), new Step.Close(socket)];

    /// <summary>The same with the orderly end.</summary>
    public static IEnumerable<Step> WholeVisit(int socket, Payload data) => [.. Connect(socket), .. Exchange(socket, data), .. Finish(socket)];

    public static IEnumerable<Step> Close(int socket) => [new Step.Close(socket)];

    public static IEnumerable<Step> Wait(int milliseconds) => [new Step.Idle(milliseconds)];

    public static IEnumerable<Step> Each(IEnumerable<int> sockets, Func<int, IEnumerable<Step>> steps) => sockets.SelectMany(steps);

    /// <summary>Lines of text that differ from one number to the next.</summary>
    public static Payload Text(int length, int number = 0) => new Payload.Generated(length, 1000 + (ulong)number, Alphabet.Text);

    public static Payload Letters(int length, int number = 0) => new Payload.Generated(length, 2000 + (ulong)number, Alphabet.Letters);
}
