using NUnit.Framework;
using SockConformance.Model;
using SockConformance.Spec;
using SockConformance.Tests.Shared;

namespace SockConformance.Tests.Spec;

/// <summary>A spec that extends another one.</summary>
public class ExtendsTests
{
    private const string Parent = """
        sockspec: 1
        name: parent
        title: the parent
        launch: { command: [a, b], env: { A: "1", B: "2" }, within: 9s }
        framing: { line: { terminator: "\r\n", max: 100 } }
        dialogue:
          greeting: { literal: hello }
          rules:
            - when: { any: true }
              generate: { bytes: { max: 100 } }
              reply: { transform: upper }
        lifecycle: { half_close: close-now, idle: { must_survive: 7s } }
        levels: { a/b: off, c/d: should }
        """;

    [Test]
    public void What_is_not_said_is_that_of_the_parent_but_for_the_name()
    {
        var (child, parent) = (Child(""), SpecReader.Read(Parent, "mine.yaml", _ => null));
        Assert.That(child.Name, Is.EqualTo("mine"));
        Assert.That(Specs.Said(child), Is.EqualTo(Specs.Said(parent with { Name = "mine" })));
    }

    [Test]
    public void What_is_said_replaces_key_by_key_in_each_section()
    {
        var spec = Child("""
            title: the child
            launch: { env: { C: "3" } }
            dialogue: { greeting: { regex: '^hi' } }
            lifecycle: { half_close: drain-then-close }
            levels: { a/b: must, e/f: should }
            """);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(spec.Title, Is.EqualTo("the child"));
            Assert.That(spec.Launch.Command, Is.EqualTo(["a", "b"]));
            Assert.That(spec.Launch.Environment, Is.EqualTo(new Dictionary<string, string> { ["C"] = "3" }));
            Assert.That(spec.Launch.Within, Is.EqualTo(TimeSpan.FromSeconds(9)));
            Assert.That(spec.Greeting, Is.EqualTo(new Reply.Matching(new BytePattern("^hi"))));
            Assert.That(spec.Rules, Has.Length.EqualTo(1));
            Assert.That((spec.HalfClose, spec.MustSurviveIdle), Is.EqualTo((HalfClose.DrainThenClose, TimeSpan.FromSeconds(7))));
            Assert.That(spec.Levels.Select(level => (level.Key, level.Value.Level)), Is.EqualTo(new (string, Level?)[] { ("a/b", Level.Must), ("c/d", Level.Should), ("e/f", Level.Should) }));
        }
    }

    [Test]
    public void Rules_are_replaced_as_a_whole() => Assert.That(Child("dialogue: { rules: [] }").Rules, Is.Empty);

    [Test]
    public void A_direction_of_framing_is_replaced_as_a_whole()
    {
        var both = Child("framing: { line: {} }");
        var one = Child("framing: { reply: { line: { terminator: \"\\r\\n\" } } }");
        using (Assert.EnterMultipleScope())
        {
            Assert.That((Line(both.Request), Line(both.Reply)), Is.EqualTo((("0A", 65536), ("0A", 65536))));
            Assert.That((Line(one.Request), Line(one.Reply)), Is.EqualTo((("0D0A", 100), ("0D0A", 65536))));
        }

        static (string, int) Line(Framing framing) => framing is Framing.Line line ? (line.Terminator, line.Max) : default;
    }

    [Test]
    public void Inherited_rules_give_way_to_a_limit_that_is_said_nearer()
    {
        Assert.That(Child("framing: { line: { terminator: \"\\r\\n\", max: 9 } }").Rules[0].Generate.MaxBytes, Is.EqualTo(9));
        Assert.That(Child("limits: { request_max: 8 }").Rules[0].Generate.MaxBytes, Is.EqualTo(8));
        Assert.That(Child("framing: { fixed: { size: 5 } }").Rules[0].Generate.MinBytes, Is.EqualTo(5));
    }

    [Test]
    public void An_error_is_said_where_it_stands()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Refusal("sockspec: 1\nextends: p.yaml\nframing: { fixed: { size: 4 } }", Parent), Does.StartWith("p.yaml:7:24: this has 5 bytes and a record has 4"));
            Assert.That(Refusal("sockspec: 1\nextends: p.yaml", "sockspec: 1\nnmae: x"), Does.StartWith("p.yaml:2:1: a spec has no key 'nmae'"));
            Assert.That(Refusal("sockspec: 1\nextends: p.yaml\ntransport: udp", Parent), Does.StartWith("mine.yaml:3:12: transport is 'udp'"));
            Assert.That(Refusal("sockspec: 1\nextends: p.yaml", "sockspec: 1\na: [1"), Does.StartWith("p.yaml:"));
        }
    }

    [Test]
    public void Specs_can_extend_each_other_eight_deep()
    {
        static (string, string)[] Chain(int length) => [.. Enumerable.Range(1, length).Select(i => ($"{i}.yaml", i == length ? "sockspec: 1\ntitle: last" : $"sockspec: 1\nextends: {i + 1}.yaml"))];
        Assert.That(Specs.Read("sockspec: 1\nextends: 1.yaml", Chain(8)).Title, Is.EqualTo("last"));
        Assert.That(Specs.Read("sockspec: 1\nextends: 1.yaml", Chain(8)).Sources, Has.Length.EqualTo(9));
        Assert.That(Refusal("sockspec: 1\nextends: 1.yaml", Chain(9)), Does.StartWith("8.yaml:2:10").And.Contain("more than 8 specs"));
    }

    [TestCase("mine.yaml")]
    [TestCase("p.yaml")]
    public void A_circle_is_refused(string back) =>
        Assert.That(Refusal("sockspec: 1\nextends: p.yaml", $"sockspec: 1\nextends: {back}"), Does.StartWith("p.yaml:2:10").And.Contain($"'{back}' extends itself in the end"));

    [TestCase("ecoh", "there is no built-in spec 'ecoh'", "did you mean echo?")]
    [TestCase("Daytime", "there is no built-in spec 'Daytime'", "did you mean daytime?")]
    [TestCase("q.yaml", "there is no file 'q.yaml'", "beside this one")]
    [TestCase("../p.yaml", "leaves the folder", "beside it, or below it")]
    [TestCase("/etc/passwd", "leaves the folder", "beside it, or below it")]
    [TestCase("a/../../p.yaml", "leaves the folder", "beside it, or below it")]
    [TestCase("./p.yaml", "leaves the folder", "beside it, or below it")]
    [TestCase("a//p.yaml", "leaves the folder", "beside it, or below it")]
    [TestCase(@"..\p.yaml", "leaves the folder", "beside it, or below it")]
    [TestCase("\"a/\\0.yaml\"", "leaves the folder", "beside it, or below it")]
    public void What_cannot_be_extended_is_refused(string name, string wrong, string instead) =>
        Assert.That(Refusal($"sockspec: 1\nextends: {name}", Parent), Does.StartWith("mine.yaml:2:10").And.Contain(wrong).And.Contain(instead));

    [Test]
    public void A_file_is_seen_from_the_file_that_extends_it()
    {
        var opened = new List<string>();
        SpecReader.Read("sockspec: 1\nextends: sub/b.yaml", "dir/a.yaml", name =>
        {
            opened.Add(name);
            return opened.Count switch { 1 => "sockspec: 1\nextends: more/c.yaml", 2 => "sockspec: 1\nextends: echo", _ => "sockspec: 1\nkind: echo" };
        });
        Assert.That(opened, Is.EqualTo(["dir/sub/b.yaml", "dir/sub/more/c.yaml", "echo"]));
    }

    [Test]
    public void The_kind_is_that_of_the_built_in_spec_in_the_end()
    {
        Assert.That(Specs.Read("sockspec: 1\nextends: p.yaml", ("p.yaml", "sockspec: 1\nextends: echo"), ("echo", "sockspec: 1\nkind: echo")).Kind, Is.EqualTo("echo"));
        Assert.That(Refusal("sockspec: 1\nextends: p.yaml", "sockspec: 1\nkind: echo"), Does.StartWith("p.yaml:2:1").And.Contain("no key 'kind'"));
    }

    [Test]
    public void A_built_in_spec_extends_no_file() => Assert.That(
        Assert.Throws<SpecException>(() => SpecReader.Read("sockspec: 1\nextends: p.yaml", "echo", _ => Parent))!.Message, Does.Contain("can only extend a built-in one"));

    [TestCase("discard", "{ reply: { transform: same } }")]
    [TestCase("daytime", "{ reply: { none: true } }")]
    [TestCase("chargen", "{ reply: { none: true } }")]
    [TestCase("http", "{ reply: { none: true } }")]
    public void What_a_built_in_service_is_cannot_be_extended_away(string kind, string rule) => Assert.That(
        () => SpecReader.Read($"sockspec: 1\nextends: {kind}\ndialogue: {{ rules: [{rule}] }}", "a.yaml", Suites.BuiltInSpecs.Shelf.BuiltIn),
        Throws.TypeOf<SpecException>().With.Message.StartsWith("a.yaml:3:").And.Message.Contains("leave"));

    [Test]
    public void Http_keeps_its_framing_when_it_is_extended()
    {
        var spec = SpecReader.Read("sockspec: 1\nextends: http\ntls: { mode: implicit }\nlimits: { request_max: 8KiB }", "a.yaml", Suites.BuiltInSpecs.Shelf.BuiltIn);
        Assert.That((spec.Kind, spec.Request, spec.Reply), Is.EqualTo(("http", new Framing.Stream(), new Framing.Http())));
        Assert.That(
            () => SpecReader.Read("sockspec: 1\nextends: http\nframing: { line: {} }", "a.yaml", Suites.BuiltInSpecs.Shelf.BuiltIn),
            Throws.TypeOf<SpecException>().With.Message.StartsWith("a.yaml:3:10").And.Message.Contains("the framing of HTTP"));
    }

    [Test]
    public void A_daytime_server_may_be_asked_for_a_form_of_its_own() => Assert.That(
        SpecReader.Read("sockspec: 1\nextends: daytime\ndialogue: { greeting: { regex: '^[0-9]{4}-' } }", "a.yaml", Suites.BuiltInSpecs.Shelf.BuiltIn).Greeting,
        Is.EqualTo(new Reply.Matching(new BytePattern("^[0-9]{4}-"))));

    // ---- Files ----
    [Test]
    public void A_spec_in_a_file_is_found_by_its_path_and_what_it_extends_beside_it()
    {
        using var folder = new TempFolder();
        folder.File("sub/p.yaml", Parent);
        folder.File("q.yaml", "sockspec: 1\nextends: sub/p.yaml");
        var path = folder.File("a.yaml", "sockspec: 1\nextends: q.yaml");
        var spec = Find(path);
        Assert.That(spec.Title, Is.EqualTo("the parent"));
        Assert.That(spec.Sources.Select(source => Path.GetRelativePath(folder.Path, source.Name)), Is.EqualTo(["a.yaml", "q.yaml", "sub/p.yaml"]));
    }

    [Test]
    public void A_link_within_the_folder_is_followed_and_one_out_of_it_is_not()
    {
        using var folder = new TempFolder();
        using var outside = new TempFolder();
        outside.File("p.yaml", Parent);
        folder.File("real.yaml", Parent);
        File.CreateSymbolicLink(Path.Combine(folder.Path, "inner.yaml"), "real.yaml");
        File.CreateSymbolicLink(Path.Combine(folder.Path, "outer.yaml"), Path.Combine(outside.Path, "p.yaml"));
        Directory.CreateSymbolicLink(Path.Combine(folder.Path, "sub"), outside.Path);
        File.CreateSymbolicLink(Path.Combine(folder.Path, "circle.yaml"), "circle.yaml");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Extending("inner.yaml"), Is.EqualTo("the parent"));
            Assert.That(Extending("outer.yaml"), Does.Contain("a link leads out of the folder"));
            Assert.That(Extending("sub/p.yaml"), Does.Contain("a link leads out of the folder"));
            Assert.That(Extending("circle.yaml"), Does.Contain("there is no file").Or.Contain("circle"));
        }

        string Extending(string name)
        {
            try
            {
                return Find(folder.File("a.yaml", $"sockspec: 1\nextends: {name}")).Title;
            }
            catch (SpecException e)
            {
                return e.Message;
            }
        }
    }

    [Test]
    public void The_folder_may_itself_be_reached_through_a_link()
    {
        using var folder = new TempFolder();
        using var links = new TempFolder();
        folder.File("p.yaml", Parent);
        folder.File("a.yaml", "sockspec: 1\nextends: p.yaml");
        var link = Path.Combine(links.Path, "link");
        Directory.CreateSymbolicLink(link, folder.Path);
        Assert.That(Find(Path.Combine(link, "a.yaml")).Title, Is.EqualTo("the parent"));
        Directory.Delete(link);
    }

    [Test]
    public void A_built_in_spec_comes_before_a_file_of_its_name() => Assert.That(Find("echo").Sources.Single().Name, Is.EqualTo("echo"));

    [Test]
    public void What_cannot_be_found_is_explained()
    {
        using var folder = new TempFolder();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Missing("ecoh"), Does.Contain("there is no spec 'ecoh'").And.Contain("built in: echo, echo-udp, echo-tls").And.Contain("sockconf init").And.EndsWith("did you mean echo?"));
            Assert.That(Missing("no/such.yaml"), Does.Contain("'no/such.yaml'").And.Contain("sockconf init"));
            Assert.That(Missing(""), Does.Contain("there is no spec ''"));
            Assert.That(Missing(folder.Path), Does.Contain("this is a folder"));
            Assert.That(Missing(folder.File("empty.yaml", "")), Does.Contain("the file is empty"));
            Assert.That(Missing(folder.File("large.yaml", new string('#', 300_000))), Does.Contain("300000 bytes"));
        }

        static string Missing(string name)
        {
            var message = Assert.Throws<SpecException>(() => Find(name))!.Message;
            Assert.That(message, Does.Not.Contain("\n"));
            return message;
        }
    }

    private static ServiceSpec Child(string sections) => Specs.Read($"sockspec: 1\nextends: p.yaml\n{sections}", ("p.yaml", Parent));

    private static ServiceSpec Find(string name) => Suites.BuiltInSpecs.Shelf.Find(name);

    private static string Refusal(string text, string parent) => Specs.Refusal(text, ("p.yaml", parent));

    private static string Refusal(string text, (string, string)[] others)
    {
        var error = Assert.Throws<SpecException>(() => Specs.Read(text, others));
        return error!.Message;
    }
}
