using System.Text.Json;
using NUnit.Framework;
using SockConformance.Model;
using SockConformance.Spec;
using SockConformance.Tests.Shared;

namespace SockConformance.Tests.Spec;

/// <summary>Specs as they are written in tests: the text of a file called mine.yaml, with or without files beside it.</summary>
internal static class Specs
{
    /// <summary>All specs that are in the repository, for the program and for the tests.</summary>
    public static IEnumerable<string> Shipped =>
        from folder in (string[])["suites/specs", "tests/targets/specs"]
        from path in Directory.EnumerateFiles(Path.Combine(Repository.Root, folder), "*.yaml")
        orderby path
        select Path.GetRelativePath(Repository.Root, path);

    public static ServiceSpec Read(string text, params (string Name, string Text)[] others) =>
        SpecReader.Read(text, "mine.yaml", name => others.FirstOrDefault(other => other.Name == name).Text, ["echo", "echo-tls", "daytime"]);

    /// <summary>The sections of a spec without its first line.</summary>
    public static ServiceSpec Of(string sections) => Read($"sockspec: 1\n{sections}");

    /// <summary>The one line by which a text is refused.</summary>
    public static string Refusal(string text, params (string Name, string Text)[] others)
    {
        var error = Assert.Throws<SpecException>(() => Read(text, others), text);
        if (error is null) return "";
        Assert.That(error.Message, Does.Match(@"\A[a-z/.-]+:[0-9]+:[0-9]+: .+\z").And.Not.Contain("\n").And.Not.Contain("\r"), text);
        return error.Message;
    }

    /// <summary>The same of the sections of a spec: they begin at line 2.</summary>
    public static string RefusalOf(string sections) => Refusal($"sockspec: 1\n{sections}");

    /// <summary>All that a spec says, as text: equal for specs that mean the same.</summary>
    public static string Said(ServiceSpec spec) => string.Join('\n',
    [
        $"{spec.Name} | {spec.Title} | {spec.Kind} | {spec.Transport} | {spec.LoopbackOnly}",
        $"launch {string.Join(' ', spec.Launch.Command)} | {string.Join(' ', spec.Launch.Environment)} | {spec.Launch.Within} | {spec.Launch.StopSignal} | {spec.Launch.StopWithin}",
        $"tls {spec.Tls}",
        $"framing {JsonSerializer.Serialize(spec.Request)} | {JsonSerializer.Serialize(spec.Reply)}",
        $"greeting {Said(spec.Greeting)}",
        .. spec.Rules.Select(rule => $"rule {Said(rule.When)} | {Said(rule.Generate)} | {Said(rule.Reply)} | {rule.Then}"),
        $"life {spec.HalfClose} {spec.ServerCloses} {spec.MustSurviveIdle} {spec.Clients} {spec.SilentClientMustNotBlock} {spec.RequestMax} {spec.Oversize}",
        $"levels {string.Join(' ', spec.Levels)}",
    ]);

    private static string Said(When when) => $"{Hex(when.Literal)} {Hex(when.Prefix)} {when.Regex} {when.Malformed}";

    private static string Said(Generation from) => $"{string.Join(',', from.Examples.Select(Hex))} {from.Regex} {from.HasBytes} {from.MinBytes} {from.MaxBytes} {from.Alphabet}";

    private static string Said(Reply? reply) => reply is Reply.Literal literal ? Hex(literal.Bytes) : $"{reply}";

    private static string Hex(byte[]? bytes) => bytes is null ? "-" : $"\"{Convert.ToHexString(bytes)}\"";
}
