using System.Text;
using NUnit.Framework;
using SockConformance.Judge;
using SockConformance.Model;

namespace SockConformance.Tests.Judge;

public class ReplyMatchTests
{
    private static readonly ServiceSpec Lines = new() { Name = "lines", Reply = new Framing.Line("0A", 100, Unterminated.Ignore) };
    private static readonly Owed Exact = new([new DueReply("AB\n"u8.ToArray(), null), new DueReply("CD\n"u8.ToArray(), null)], false, false);
    private static readonly Owed Mixed = new([new DueReply("AB\n"u8.ToArray(), null), new DueReply(null, new BytePattern("^OK \\d+$"))], false, false);

    [TestCase("AB\nCD\n", -1, 0, -1)]
    [TestCase("AB\nC", -1, 1, -1)]
    [TestCase("", -1, 2, -1)]
    [TestCase("AB\nXD\n", 3, 0, -1)]
    [TestCase("AB\nCD\n>", -1, 0, 6)]
    public void Exact_replies_are_compared_byte_by_byte(string received, int difference, int missing, int extra) => Compare(Exact, received, difference, missing, extra);

    [TestCase("AB\nOK 5\n", -1, 0, -1)]
    [TestCase("AB\nOK 5", -1, 1, -1)]
    [TestCase("AB\nERR\n", 3, 0, -1)]
    [TestCase("AX\nOK 5\n", 1, 0, -1)]
    [TestCase("AB\nOK 5\nmore", -1, 0, 8)]
    public void Patterns_are_matched_message_by_message(string received, int difference, int missing, int extra) => Compare(Mixed, received, difference, missing, extra);

    [Test]
    public void What_an_open_end_allows_is_not_too_much() => Compare(Exact with { Open = true }, "AB\nCD\nmore", -1, 0, -1);

    private static void Compare(Owed owed, string received, int difference, int missing, int extra)
    {
        var match = ReplyMatch.Of(Lines, owed, Encoding.ASCII.GetBytes(received), complete: false);
        Assert.That((match.DifferenceAt, match.Missing, match.ExtraAt), Is.EqualTo((difference, missing, extra)));
    }
}
