using System.Security.Cryptography;
using FsCheck;
using FsCheck.Fluent;
using NUnit.Framework;
using SockConformance.Model;
using SockConformance.Tests.Shared;

namespace SockConformance.Tests.Model;

public class PayloadTests
{
    private static Gen<Payload.Generated> AnyOf(params Alphabet[] alphabets) =>
        from length in Gen.Choose(0, 700)
        from seed in Gen.Choose(int.MinValue, int.MaxValue)
        from alphabet in Gen.Elements(alphabets)
        select new Payload.Generated(length, (ulong)(long)seed, alphabet);

    [Test]
    public void The_same_description_gives_the_same_bytes() =>
        Law.Holds(AnyOf(Enum.GetValues<Alphabet>()), data => Assert.That((data with { }).ToBytes(), Is.EqualTo(data.ToBytes())));

    [Test]
    public void The_size_is_the_number_of_bytes() =>
        Law.Holds(AnyOf(Enum.GetValues<Alphabet>()), data => Assert.That(data.ToBytes(), Has.Length.EqualTo(data.Size)));

    [Test]
    public void A_shorter_payload_of_the_same_seed_is_a_prefix_of_a_longer_one() =>
        Law.Holds(AnyOf(Alphabet.Letters, Alphabet.Bytes), data => Assert.That((data with { Length = data.Length + 13 }).ToBytes()[..data.Length], Is.EqualTo(data.ToBytes())));

    [TestCase(Alphabet.Letters)]
    [TestCase(Alphabet.Text)]
    [TestCase(Alphabet.Bytes)]
    public void A_hundred_seeds_give_a_hundred_different_contents(Alphabet alphabet)
    {
        var contents = Enumerable.Range(0, 100).Select(seed => Convert.ToHexString(new Payload.Generated(16, (ulong)seed, alphabet).ToBytes()));
        Assert.That(contents, Is.Unique);
    }

    [Test]
    public void Letters_are_letters() =>
        Law.Holds(AnyOf(Alphabet.Letters), data => Assert.That(data.ToBytes(), Has.All.InRange((byte)'a', (byte)'z')));

    [Test]
    public void Text_is_printable_in_lines_of_at_most_64_bytes_and_ends_with_a_line_feed() => Law.Holds(AnyOf(Alphabet.Text).Where(data => data.Length > 0), data =>
    {
        var bytes = data.ToBytes();
        var lines = System.Text.Encoding.Latin1.GetString(bytes).Split('\n');
        using (Assert.EnterMultipleScope())
        {
            Assert.That(bytes.Where(b => b != '\n'), Has.All.InRange((byte)' ', (byte)'~'));
            Assert.That(lines.Select(line => line.Length), Has.All.LessThan(64));
            Assert.That(lines[^1], Is.Empty);
        }
    });

    [Test]
    public void The_alphabet_of_bytes_has_all_256_values() =>
        Assert.That(new Payload.Generated(10_000, 1, Alphabet.Bytes).ToBytes().Distinct().Count(), Is.EqualTo(256));

    // Computed by an implementation of splitmix64 in another language. If one of these fails, saved cases mean something else now.
    [TestCase(Alphabet.Letters, "746762766D796868646879777A74666F656470746A7A6574")]
    [TestCase(Alphabet.Text, "562F4D4F4652397E235327735345514872602F337728720A")]
    [TestCase(Alphabet.Bytes, "956EEB2F2632D7BD03F166B233E3EF28529F0F1357675247")]
    public void The_first_bytes_of_seed_42_never_change(Alphabet alphabet, string hex) =>
        Assert.That(Convert.ToHexString(new Payload.Generated(24, 42, alphabet).ToBytes()), Is.EqualTo(hex));

    [TestCase(Alphabet.Letters, "8F433851751A7DAF545E1EB46613FD6490E6C670468140BC04F3C9774CE3446C")]
    [TestCase(Alphabet.Text, "C8769559C646AAAA4B3AB6C6B24F93149D7DEABAFE6CD6D6B07F436878C675AA")]
    [TestCase(Alphabet.Bytes, "293A0C312070F3F24134BF2FD1A24B208E0C08537C5280EBA80AC65295214E35")]
    public void A_thousand_bytes_of_the_largest_seed_never_change(Alphabet alphabet, string sha256) =>
        Assert.That(Convert.ToHexString(SHA256.HashData(new Payload.Generated(1000, ulong.MaxValue, alphabet).ToBytes())), Is.EqualTo(sha256));

    [Test]
    public void A_literal_gives_back_the_bytes_it_was_made_of() => Law.Holds(AnyOf(Alphabet.Bytes), data =>
    {
        var literal = Payload.Literal.Of(data.ToBytes());
        Assert.That((literal.Size, literal.ToBytes()), Is.EqualTo((data.Size, data.ToBytes())));
    });

    [Test]
    public void A_literal_is_shown_with_every_unprintable_byte_escaped() =>
        Assert.That(Payload.Literal.Of("a\n\r\"\\\0\x1b\x7f~"u8).ToString(), Is.EqualTo("""
            "a\n\r\"\\\x00\x1b\x7f~"
            """));

    [Test]
    public void A_long_literal_is_shown_by_its_beginning_and_its_size() =>
        Assert.That(Payload.Literal.Of(new byte[49]).ToString(), Does.StartWith("\"\\x00").And.EndsWith("…\" (49 bytes)"));

    [Test]
    public void A_generated_payload_is_described_not_shown() =>
        Assert.That(new Payload.Generated(300, 1, Alphabet.Text).ToString(), Is.EqualTo("300 bytes of text"));
}
