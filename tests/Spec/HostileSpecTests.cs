using System.Text;
using FsCheck.Fluent;
using NUnit.Framework;
using SockConformance.Spec;
using SockConformance.Tests.Shared;

namespace SockConformance.Tests.Spec;

/// <summary>Specs may come from anybody: whatever is in them, they are read or refused in one line, soon and in little memory.</summary>
public class HostileSpecTests
{
    [TestCase("a: &x 1", "anchors and aliases")]
    [TestCase("a: *x", "anchors and aliases")]
    [TestCase("&x a: 1", "anchors and aliases")]
    [TestCase("a: !!str x", "tags")]
    [TestCase("a: ! x", "tags")]
    [TestCase("a: !<tag:x> x", "tags")]
    [TestCase("%YAML 1.2\n---\na: 1", "directives")]
    [TestCase("%TAG ! tag:x,2000:\n---\na: 1", "directives")]
    [TestCase("a: 1\n---\nb: 2", "a second document")]
    [TestCase("a: 1\n...\n---\nb: 2", "a second document")]
    [TestCase("<<: { a: 1 }", "merge keys")]
    [TestCase("a: 1\nb: 2\na: 3", "the key 'a' stands here twice")]
    [TestCase("a: { b: 1, \"b\": 2 }", "the key 'b' stands here twice")]
    [TestCase("[a]: 1", "a key is a word")]
    [TestCase("{ a: 1 }: 1", "a key is a word")]
    [TestCase("a: [b: c]", "a map in a list has braces")]
    [TestCase("{ a, b: c }", "here a key should be")]
    [TestCase("{ a: b c: d }", "here a comma or a closing brace should be")]
    [TestCase("a: [b, , c]", "here a value should be")]
    [TestCase("a: [b", "here a comma or a closing bracket should be")]
    [TestCase("a: ]", "here a key should be")]
    [TestCase("a: 'b", "this is no YAML")]
    [TestCase("a: b: c", "this is no YAML")]
    [TestCase("a: 1\n b: 2", "this is no YAML")]
    [TestCase("a: 1\n- b", "here a key should be")]
    [TestCase("- a\nb: 1", "here an entry should be")]
    [TestCase("a: @b", "this is no YAML")]
    [TestCase("a: \"\\q\"", "in double quotes a backslash is written twice")]
    [TestCase("a: \"\\UFFFFFFFF\"", "this is no YAML")]
    [TestCase("a: \"\\ud800\"", "this is no YAML")]
    [TestCase("a:\n\t- b", "this is no YAML")]
    public void What_is_no_yaml_of_ours_is_refused(string text, string wrong) => Assert.That(Specs.Refusal(text), Does.Contain(wrong));

    [TestCase("a: 1\nb: \0", "2:4", "U+0000")]
    [TestCase("a: \e[31m", "1:4", "U+001B")]
    [TestCase("a: \u0085b", "1:4", "U+0085")]
    [TestCase("a: \u2028b", "1:4", "U+2028")]
    [TestCase("a: \x7f", "1:4", "U+007F")]
    [TestCase("a: b\ufeff", "1:5", "U+FEFF")]
    public void A_character_that_nobody_sees_is_refused_where_it_stands(string text, string place, string character) =>
        Assert.That(Specs.Refusal(text), Does.StartWith($"mine.yaml:{place}: ").And.Contain(character));

    [Test]
    public void Half_a_character_is_refused_where_it_stands()
    {
        foreach (var half in (string[])["\ud800", "\udc00", "\udc00\ud800", "\ud800x"])
            Assert.That(Specs.Refusal($"a: {half}"), Does.StartWith("mine.yaml:1:4: ").And.Contain($"U+{(int)half[0]:X4}"));
    }

    [TestCase(0, "1:1", "FF")]
    [TestCase(13, "2:2", "FF")]
    public void Bytes_that_are_no_utf_8_are_refused_where_they_stand(int at, string place, string value)
    {
        var bytes = "sockspec: 1\nname: x\n"u8.ToArray();
        bytes[at] = 0xff;
        Assert.That(Assert.Throws<SpecException>(() => YamlTree.Decode(bytes, "a.yaml"))!.Message, Does.StartWith($"a.yaml:{place}: the byte {value} is not UTF-8"));
    }

    [Test]
    public void Overlong_and_cut_characters_are_no_utf_8()
    {
        foreach (var bytes in (byte[][])[[0xc0, 0xaf], [0xe2, 0x82], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80]])
            Assert.That(() => YamlTree.Decode(bytes, "a.yaml"), Throws.TypeOf<SpecException>());
    }

    // Each would take a program without limits minutes, all memory or its stack.
    [TestCase("[", 250_000)]
    [TestCase("{", 250_000)]
    [TestCase("- ", 120_000)]
    [TestCase("? ", 120_000)]
    [TestCase("{a: ", 60_000)]
    [TestCase("[[[[[[[[[[[[[[[],", 15_000)]
    [TestCase("&a ", 80_000)]
    [TestCase("!a ", 80_000)]
    [TestCase("*a ", 80_000)]
    [TestCase("\"", 250_001)]
    [TestCase("'", 250_001)]
    [TestCase(":", 250_000)]
    [TestCase("a: ", 80_000)]
    [TestCase("%", 250_000)]
    [TestCase("---\n", 60_000)]
    [TestCase("|\n", 120_000)]
    [TestCase(">\n  x\n", 40_000)]
    public void A_bomb_is_refused(string piece, int times) => Specs.Refusal(string.Concat(Enumerable.Repeat(piece, times)));

    [TestCase("#\n", 120_000)]
    [TestCase("\n", 250_000)]
    [TestCase(" ", 250_000)]
    [TestCase("\r", 250_000)]
    public void Much_of_nothing_is_nothing(string piece, int times) =>
        Assert.That(Specs.Read(string.Concat(Enumerable.Repeat(piece, times)) + "\nsockspec: 1").Name, Is.EqualTo("mine"));

    [Test]
    public void Sixteen_levels_are_read_and_no_more()
    {
        Assert.That(Specs.Refusal($"a: {new string('[', 15)}b{new string(']', 15)}"), Does.Contain("no key 'a'"));
        Assert.That(Specs.Refusal($"a: {new string('[', 16)}b{new string(']', 16)}"), Does.StartWith("mine.yaml:1:20: ").And.Contain("more than 16 deep"));
    }

    [Test]
    public void Twenty_thousand_values_are_read_and_no_more()
    {
        Assert.That(Specs.Refusal($"a: [{string.Join(',', Enumerable.Repeat("b", 19_997))}]"), Does.Contain("no key 'a'"));
        Assert.That(Specs.Refusal($"a: [{string.Join(',', Enumerable.Repeat("b", 19_998))}]"), Does.Contain("more than 20000 values"));
    }

    [Test]
    public void A_quarter_of_a_mebibyte_is_read_and_no_more()
    {
        const string Start = "sockspec: 1\n#";
        Specs.Read(Start + new string('x', (256 << 10) - Start.Length));
        Assert.That(Assert.Throws<SpecException>(() => Specs.Read(Start + new string('x', (256 << 10) - Start.Length + 1)))!.Message, Does.Contain("more than 256 KiB"));
        Assert.That(Assert.Throws<SpecException>(() => Specs.Read(Start + new string('é', 130 << 10)))!.Message, Does.Contain("more than 256 KiB"));
        Assert.That(() => Specs.Read("title: " + new string('x', 10 << 20)), Throws.TypeOf<SpecException>());
    }

    [Test]
    public void Long_words_do_not_make_long_lines()
    {
        Assert.That(Specs.Refusal($"sockspec: 1\n{new string('k', 900)}: 1"), Has.Length.LessThan(300).And.Contain("kkk…'"));
        Assert.That(Specs.Refusal($"sockspec: 1\nextends: {new string('k', 9000)}"), Has.Length.LessThan(300));
    }

    [Test]
    public void Hostile_text_is_read_or_refused_in_one_line() => Law.Holds(Runs.Hostile, text =>
    {
        foreach (var around in (string[])["{0}", "sockspec: 1\n{0}", "sockspec: 1\ntitle: {0}", "sockspec: 1\ntitle: \"{0}\"", "sockspec: 1\n\"{0}\": 1", "sockspec: 1\nextends: '{0}'", "sockspec: 1\nlevels: {{ '{0}': off }}"])
            ReadOrRefused(around.Replace("{0}", text, StringComparison.Ordinal));
    }, times: 300);

    [Test]
    public void Words_of_the_format_in_any_order_are_read_or_refused_in_one_line()
    {
        string[] words = [.. SpecKeys.Sections.SelectMany(SpecKeys.Of), .. SpecKeys.Choices.SelectMany(SpecKeys.WordsOf), "1", "512", "4KiB", "2s", "true", "\"\\r\\n\"", "'^a$'", "echo"];
        string[] signs = [": ", "\n", "\n  ", "\n    ", "{ ", " }", "[ ", " ]", ", ", "- ", "\n- ", " "];
        var texts = Gen.ListOf(Gen.Frequency((3, Gen.Elements(words)), (4, Gen.Elements(signs))), 40).Select(string.Concat);
        Law.Holds(texts, text => ReadOrRefused($"sockspec: 1\n{text}"), times: 1000);
    }

    [TestCaseSource(typeof(Specs), nameof(Specs.Shipped))]
    public void A_shipped_spec_with_a_damaged_character_is_read_or_refused_in_one_line(string path)
    {
        var text = File.ReadAllText(Path.Combine(Repository.Root, path));
        for (var at = 0; at < text.Length; at += text.Length > 600 ? 5 : 1)
        {
            foreach (var damage in "\"{[:-&\n")
                ReadOrRefused($"{text[..at]}{damage}{text[(at + 1)..]}");
            ReadOrRefused(text[..at]);
        }
    }

    private static void ReadOrRefused(string text)
    {
        try
        {
            SpecReader.Read(text, "evil.yaml", name => name == "echo" ? "sockspec: 1\nkind: echo" : null, ["echo"]);
        }
        catch (SpecException e)
        {
            Assert.That(e.Message, Does.StartWith("evil.yaml:").And.Not.Contain("\n").And.Not.Contain("\r").And.Not.Contain("\e"), text);
            Assert.That(() => new UTF8Encoding(false, throwOnInvalidBytes: true).GetBytes(e.Message), Throws.Nothing, text);
        }
        catch (Exception e) when (e is not AssertionException)
        {
            Assert.Fail($"{e}\n{text}");
        }
    }
}
