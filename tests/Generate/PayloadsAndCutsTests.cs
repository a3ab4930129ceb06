using FsCheck.Fluent;
using NUnit.Framework;
using SockConformance.Generate;
using SockConformance.Model;
using SockConformance.Tests.Shared;

namespace SockConformance.Tests.Generate;

public class PayloadsAndCutsTests
{
    [TestCase(1)]
    [TestCase(7)]
    [TestCase(3000)]
    [TestCase(1 << 20)]
    public void Payloads_have_one_byte_or_more_and_no_more_than_allowed(int largest) =>
        Law.Holds(Programs.Payloads(Alphabet.Letters, largest), data => Assert.That(data.Size, Is.InRange(1, largest)));

    [Test]
    public void Sizes_on_both_sides_of_powers_of_two_are_drawn()
    {
        var sizes = Law.Some(Programs.Payloads(Alphabet.Bytes, 5000), 5000).Select(data => data.Size).ToHashSet();
        Assert.That(sizes, Is.SupersetOf([1, 15, 16, 17, 255, 256, 257, 1023, 1024, 1025, 4095, 4096, 4097]));
    }

    [Test]
    public void Cuts_are_at_least_one_byte_and_no_longer_than_the_message() =>
        Law.Holds(from length in Gen.Choose(1, 2000) from cuts in Programs.Cuts(length) select (length, cuts), drawn =>
            Assert.That(drawn.cuts, Is.Empty.Or.All.InRange(1, drawn.length)));

    [Test]
    public void Messages_are_sent_whole_and_byte_by_byte_and_in_pieces()
    {
        var cuts = Law.Some(Programs.Cuts(100), 200);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(cuts.Any(one => one.IsEmpty), Is.True);
            Assert.That(cuts.Any(one => one is [1]), Is.True);
            Assert.That(cuts.Any(one => one.Length > 1), Is.True);
        }
    }

    [Test]
    public void A_large_message_is_never_sent_byte_by_byte() =>
        Assert.That(Law.Some(Programs.Cuts(601), 500).Any(one => one is [1]), Is.False);

    // Hundreds of pieces with a rest between them would take the run longer than it may last.
    [Test]
    public void Rests_between_pieces_are_drawn_for_few_pieces_only() => Law.Holds(Programs.CutExchange(Speech.Echo, Alphabet.Letters, 4000), scenario =>
    {
        foreach (var send in scenario.Steps.OfType<Step.Send>().Where(send => send.Pause > 0))
            Assert.That(
                send.Data.Size,
                Is.LessThanOrEqualTo(send.Cuts.IsEmpty ? send.Data.Size : 13 * send.Cuts.Sum() / send.Cuts.Length),
                $"{send}");
    }, times: 500);
}
