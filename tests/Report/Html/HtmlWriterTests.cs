using System.Xml.Linq;
using NUnit.Framework;
using SockConformance.Report;
using SockConformance.Report.Html;
using SockConformance.Tests.Shared;

namespace SockConformance.Tests.Report.Html;

public class HtmlWriterTests
{
    [TestCase("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;")]
    [TestCase("\" onload='x' \"", "&quot; onload=&#39;x&#39; &quot;")]
    [TestCase("a & b", "a &amp; b")]
    [TestCase("&lt;", "&amp;lt;")]
    [TestCase("\0\a\e[31m", @"\x00\x07\x1b[31m")]
    [TestCase("\u202etxt.exe", @"\u{202e}txt.exe")]
    [TestCase("two\nlines", @"two\nlines")]
    public void Text_is_nothing_but_text(string text, string written)
    {
        Assert.That(new HtmlWriter().Element("p", text).ToString(), Is.EqualTo($"<p>{written}</p>"));
        Assert.That(new HtmlWriter().Void("a", ("href", text)).ToString(), Is.EqualTo($"<a href=\"{written}\"/>"));
    }

    [Test]
    public void Whatever_the_text_an_element_has_it_and_nothing_else() => Law.Holds(Runs.Hostile, text =>
    {
        var element = XElement.Parse(new HtmlWriter().Open("p", ("title", text)).Text(text).Close().ToString());
        Assert.That((element.Value, element.Attribute("title")!.Value), Is.EqualTo((Printable.Line(text, 4000), Printable.Line(text, 4000))));
        Assert.That(element.Elements().Count() + element.Attributes().Count(), Is.EqualTo(1));
    });

    [Test]
    public void Half_a_character_is_none() => Assert.That(new HtmlWriter().Element("p", "half \ud800").ToString(), Is.EqualTo("<p>half \ufffd</p>"));

    [Test]
    public void Several_lines_stay_several_lines() => Assert.That(new HtmlWriter().Open("pre").Lines("<a>\r\n\tb\u2028c").Close().ToString(), Is.EqualTo("<pre>&lt;a&gt;\n\\tb\nc</pre>"));

    [Test]
    public void Text_without_end_is_cut() => Assert.That(new HtmlWriter().Element("p", new string('x', 10_000_000)).ToString(), Has.Length.LessThan(5000));

    [Test]
    public void An_attribute_without_a_value_is_left_out() => Assert.That(new HtmlWriter().Void("br", ("class", null), ("id", "")).ToString(), Is.EqualTo("<br id=\"\"/>"));

    [Test]
    public void What_is_left_open_is_a_fault_of_ours() => Assert.That(new HtmlWriter().Open("p").ToString, Throws.InvalidOperationException.With.Message.Contains("p is still open"));

    [Test]
    public void A_script_that_would_end_its_element_is_refused() => Assert.That(() => new HtmlWriter().Verbatim("'</script>'"), Throws.ArgumentException);
}
