using SockConformance.Spec;

namespace SockConformance.Suites;

/// <summary>The specs that the program carries (specs/*.yaml); each is read when it is asked for.</summary>
public static class BuiltInSpecs
{
    public static SpecShelf Shelf { get; } = new(
        ["echo", "echo-udp", "echo-tls", "discard", "discard-udp", "daytime", "daytime-udp", "time", "time-udp", "chargen", "chargen-udp", "http"], Text);

    private static string Text(string name)
    {
        using var stream = typeof(BuiltInSpecs).Assembly.GetManifestResourceStream($"specs/{name}.yaml") ?? throw new InvalidOperationException($"the program lacks its spec {name}");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
