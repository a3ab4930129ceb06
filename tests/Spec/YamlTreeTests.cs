using System.Text;
using FsCheck.Fluent;
using NUnit.Framework;
using SockConformance.Spec;
using SockConformance.Tests.Shared;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace SockConformance.Tests.Spec;

/// <summary>Our reading of YAML against that of YamlDotNet's own parser.</summary>
public class YamlTreeTests
{
    private static readonly string[] Pieces =
    [
        "a", "b", "c", "1", "'q'", "\"q\"", "~", "''", ": ", ": ", ":", ", ", "[", "]", "{", "}", "- ", "- ", "? ", "\n", "\n", "\n  ", "\n  ", "\n    ", "\n- ", "\n  - ", "|\n  x\n", ">\n  x\n", " # c\n", "---\n", "...\n", "<<", " ",
    ];

    [Test]
    public void What_both_read_is_the_same_and_what_the_parser_refuses_we_refuse()
    {
        var (same, ours) = (0, 0);
        Law.Holds(Gen.ListOf(Gen.Elements(Pieces), 14).Select(string.Concat), text =>
        {
            var (expected, read, why) = (Parsed(text), "", "");
            try
            {
                read = Said(YamlTree.Parse(text, "a.yaml"));
            }
            catch (SpecException e)
            {
                why = e.Message;
            }

            if (why.Length == 0)
            {
                Assert.That(read, Is.EqualTo(expected), text);
                same++;
            }
            else if (expected is not null)
            {
                Assert.That(why, Does.Match("twice|braces|here a key should be|a key is a word|merge keys|second document|belongs to nothing"), text);
                ours++;
            }
        }, times: 10_000);
        Assert.That(same, Is.GreaterThan(500));
        Assert.That(ours, Is.GreaterThan(50));
    }

    [TestCase("a: 1", "{a=1@1:4}@1:1")]
    [TestCase("a:\n  - b\n  - c: d", "{a=[b@2:5,{c=d@3:8}@3:5]@2:3}@1:1")]
    [TestCase("a:\n- b\n- c\nd:", "{a=[b@2:3,c@3:3]@2:1,d=@4:3}@1:1")]
    [TestCase("a: { b: [c, {d: e}], f: }", "{a={b=[c@1:10,{d=e@1:17}@1:13]@1:9,f=@1:24}@1:4}@1:1")]
    [TestCase("- - a\n  -\n-", "[[a@1:5,@2:4]@1:3,@3:2]@1:1")]
    [TestCase("? a\n: b", "{a=b@2:3}@1:1")]
    [TestCase("{\"a\":'b'}", "{a=b@1:6}@1:1")]
    [TestCase("\uFEFFa: |\n  b\n  c\n", "{a=b\nc\n@1:4}@1:1")]
    [TestCase("a: >-\r\n  b\r\n  c\r\n", "{a=b c@1:4}@1:1")]
    [TestCase("", "{}@1:1")]
    public void Every_value_has_its_place(string text, string tree) => Assert.That(Placed(YamlTree.Parse(text, "a.yaml")), Is.EqualTo(tree));

    private static string Placed(YamlNode node) => node switch
    {
        YamlNode.Map map => $"{{{string.Join(',', map.Entries.Select(entry => $"{entry.Key.Text}={Placed(entry.Value)}"))}}}",
        YamlNode.List list => $"[{string.Join(',', list.Items.Select(Placed))}]",
        YamlNode.Scalar scalar => scalar.Text,
        _ => throw new NotSupportedException(),
    } + $"@{node.Place.Line}:{node.Place.Column}";

    private static string Said(YamlNode node) => node switch
    {
        YamlNode.Map map => $"{{{string.Concat(map.Entries.Select(entry => $"{Said(entry.Key)}{Said(entry.Value)}"))}}}",
        YamlNode.List list => $"[{string.Concat(list.Items.Select(Said))}]",
        YamlNode.Scalar scalar => $"({scalar.Text})",
        _ => throw new NotSupportedException(),
    };

    /// <summary>In the words of the parser; null where it refuses the text.</summary>
    private static string? Parsed(string text)
    {
        var said = new StringBuilder();
        try
        {
            var parser = new Parser(new StringReader(text));
            while (parser.MoveNext())
            {
                said.Append(parser.Current switch
                {
                    MappingStart => "{",
                    MappingEnd => "}",
                    SequenceStart => "[",
                    SequenceEnd => "]",
                    YamlDotNet.Core.Events.Scalar scalar => $"({scalar.Value})",
                    _ => "",
                });
            }
        }
        catch (Exception e) when (e is YamlException or InvalidOperationException)
        {
            return null;
        }

        return said.Length == 0 ? "{}" : said.ToString();
    }
}
