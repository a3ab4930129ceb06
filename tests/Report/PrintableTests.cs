using System.Text;
using FsCheck.Fluent;
using NUnit.Framework;
using SockConformance.Report;
using SockConformance.Tests.Shared;

namespace SockConformance.Tests.Report;

public class PrintableTests
{
    [Test]
    public void No_control_character_gets_through() =>
        Law.Holds(Runs.Hostile, text => Assert.That(Printable.Line(text).Where(char.IsControl), Is.Empty), times: 1000);

    [Test]
    public void No_mark_that_hides_or_turns_text_gets_through() => Law.Holds(Runs.Hostile, text => Assert.That(Printable.Line(text).Where(Deceives), Is.Empty), times: 1000);

    [Test]
    public void Nor_into_xml_which_keeps_its_lines() => Law.Holds(
        Runs.Hostile, text => Assert.That(Printable.Xml(text).Where(c => Deceives(c) || (char.IsControl(c) && c is not ('\n' or '\t'))), Is.Empty), times: 1000);

    [Test]
    public void No_half_of_a_character_gets_through() =>
        Law.Holds(Runs.Hostile, text => Assert.That(() => new UTF8Encoding(false, throwOnInvalidBytes: true).GetBytes(Printable.Line(text)), Throws.Nothing), times: 1000);

    [Test]
    public void A_line_has_no_more_characters_than_it_may() =>
        Law.Holds(
            from text in Runs.Hostile from most in Gen.Choose(1, 60) select (text, most),
            drawn => Assert.That(Printable.Line(drawn.text, drawn.most), Has.Length.LessThanOrEqualTo(drawn.most)), times: 500);

    [Test]
    public void What_was_cut_off_is_marked() => Assert.That(Printable.Line(new string('a', 500), 100), Does.EndWith("…"));

    [TestCase("")]
    [TestCase("the target's FIN")]
    [TestCase("naïve café — 日本語 🙂")]
    [TestCase("{TCP, [::1]:7}")]
    public void Ordinary_text_stays_as_it_is(string text) => Assert.That(Printable.Line(text), Is.EqualTo(text));

    [TestCase("a\nb", @"a\nb")]
    [TestCase("a\r\tb", @"a\r\tb")]
    [TestCase("\e[31mred", @"\x1b[31mred")]
    [TestCase("\0\a\b\u007f", @"\x00\x07\x08\x7f")]
    [TestCase("\u009b31m", @"\u{9b}31m", Description = "the one-byte form of ESC [")]
    [TestCase("\u202eevil", @"\u{202e}evil")]
    [TestCase("\u200b\ufeff\u2066", @"\u{200b}\u{feff}\u{2066}")]
    [TestCase("\u2028", @"\u{2028}")]
    [TestCase("\U000e0041", @"\u{e0041}", Description = "a tag character")]
    public void Whatever_could_move_a_cursor_or_deceive_an_eye_is_written_out(string text, string line) =>
        Assert.That(Printable.Line(text), Is.EqualTo(line));

    private static bool Deceives(char c) =>
        c is (>= '\u200b' and <= '\u200f') or (>= '\u2028' and <= '\u202e') or (>= '\u2060' and <= '\u206f') or '\ufeff' or '\u00ad';
}
