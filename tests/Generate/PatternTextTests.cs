using FsCheck.Fluent;
using NUnit.Framework;
using SockConformance.Generate;
using SockConformance.Model;
using SockConformance.Tests.Shared;

namespace SockConformance.Tests.Generate;

public class PatternTextTests
{
    private static readonly string[] Patterns =
    [
        "", "a", "abc", "a|b|cc", "(a|)b", "(?:a|b)+", "(?<name>a)(?'other'b)", "((((a))))", "a?b*c+", "a??b*?c+?d{2,3}?", "a{3}", "a{2,}", "a{2,4}", "a{0}", "(ab){2}c{0,2}",
        ".", ".*", "[abc]", "[a-z0-9_]{1,8}", "[^a-z]", "[^ -~]", "[]a]", "[^]a]", "[a-]", "[-a]", "[a^]", @"[\]\\\-]", @"[\d\s]", @"[^\w\s]", @"[\W]", @"[\x00-\xff]{4}", @"[\x00-\x1f]",
        @"\d\D\w\W\s\S", @"\n\r\t\f\v\a\e\0", @"\x41\u0042\xff", @"\.\*\+\?\(\)\[\]\{\}\|\^\$\\\/", @"a\-b", "a{b}", "a{,3}", "a{1,b}", "{}", "}", "]",
        "^abc$", @"\Aabc\z", @"abc\Z", "^a|b$", "(^a|^b)c", "(a$|b$)", "^(?:GET|POST) /[a-z]{0,9} HTTP/1\\.[01]$", @"\bword\b", @"^\bword\b$", @"(\bab|\b[0-9]x)", @"\w+\b", "(?i)abc", "(?i:AbC)d", "(?s).", "(?-i)a", "^*a",
        @"^ADD -?[1-9][0-9]{0,5} -?[1-9][0-9]{0,5}\z", @"^\d{1,3}(\.\d{1,3}){3}\z", "(a|b)*(c|d){0,3}|e", "é|\\xe9", "(|a)(|b)", @"[\w.-]{4}", "[[]", "[a-c-e]",
    ];

    [TestCaseSource(nameof(Patterns))]
    public void What_is_drawn_is_matched(string pattern)
    {
        var whole = new BytePattern(pattern);
        for (var seed = 0ul; seed < 300; seed++) Assert.That(whole.Matches(PatternText.Draw(pattern, seed)), Is.True, $"seed {seed}: {Payload.Literal.Of(PatternText.Draw(pattern, seed))}");
    }

    // Anchored at both ends: nothing may come that the pattern does not ask for.
    [TestCaseSource(nameof(Patterns))]
    public void Nothing_more_is_drawn_than_is_matched(string pattern)
    {
        if (pattern.Contains("\\Z", StringComparison.Ordinal) || pattern.Contains('$', StringComparison.Ordinal)) return;
        var whole = new BytePattern($@"\A(?:{pattern})\z");
        for (var seed = 0ul; seed < 100; seed++) Assert.That(whole.Matches(PatternText.Draw(pattern, seed)), Is.True, $"seed {seed}");
    }

    [Test]
    public void Patterns_put_together_at_random_are_matched() => Law.Holds(from pattern in Pattern(3) from seed in Gen.Choose(0, int.MaxValue) select (pattern, seed), drawn =>
    {
        var bytes = PatternText.Draw(drawn.pattern, (ulong)drawn.seed);
        Assert.That(new BytePattern($@"\A(?:{drawn.pattern})\z").Matches(bytes), Is.True, $"{drawn.pattern} with seed {drawn.seed}: {Payload.Literal.Of(bytes)}");
    }, times: 1000);

    [Test]
    public void Sizes_and_bytes_are_those_that_the_syntax_announces() => Law.Holds(from pattern in Pattern(3) from seed in Gen.Choose(0, int.MaxValue) select (pattern, seed), drawn =>
    {
        var (syntax, bytes) = (PatternSyntax.Parse(drawn.pattern), PatternText.Draw(drawn.pattern, (ulong)drawn.seed));
        Assert.That((long)bytes.Length, Is.InRange(syntax.Least, syntax.Most), drawn.pattern);
        Assert.That(bytes.All(syntax.CanDraw), Is.True, drawn.pattern);
    }, times: 500);

    [Test]
    public void The_same_seed_draws_the_same_on_every_machine()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Enumerable.Range(0, 100).Select(seed => Drawn("[a-z]{12}", (ulong)seed)), Is.Unique);
            Assert.That(Drawn("(GET|PUT) /[a-z]{4,9}", 7), Is.EqualTo("PUT /wvkt"));
        }
    }

    [Test]
    public void Every_branch_and_every_number_of_repetitions_comes()
    {
        Assert.That(Enumerable.Range(0, 200).Select(seed => Drawn("a|b|c{0,2}", (ulong)seed)).Distinct(), Is.EquivalentTo(["a", "b", "", "c", "cc"]));
        Assert.That(Enumerable.Range(0, 400).Select(seed => Drawn("a*", (ulong)seed).Length).Distinct(), Is.EquivalentTo(Enumerable.Range(0, 9)));
        Assert.That(Enumerable.Range(0, 400).Select(seed => Drawn("a{3,}", (ulong)seed).Length).Distinct(), Is.EquivalentTo(Enumerable.Range(3, 9)));
        Assert.That(Enumerable.Range(0, 5000).Select(seed => PatternText.Draw(@"[\x00-\xff]", (ulong)seed)[0]).Distinct().Count(), Is.EqualTo(256));
    }

    // A line protocol's dot must not become a line end, and no spec means a NUL by [^a].
    [TestCase(".")]
    [TestCase("[^a]")]
    [TestCase(@"\D")]
    [TestCase(@"\W")]
    [TestCase(@"\S")]
    [TestCase(@"\s")]
    [TestCase(@"[\w\s]")]
    [TestCase(@"[^\r\n]")]
    public void Where_a_pattern_only_says_what_may_not_come_printable_characters_do(string pattern) =>
        Assert.That(Enumerable.Range(0, 2000).Select(seed => PatternText.Draw(pattern, (ulong)seed)[0]), Is.All.InRange((byte)' ', (byte)'~'));

    [TestCase("(?=a)b", "look-around")]
    [TestCase("(?!a)b", "look-around")]
    [TestCase("(?<=a)b", "look-around")]
    [TestCase("(?<!a)b", "look-around")]
    [TestCase(@"(a)\1", @"\1")]
    [TestCase(@"\k<a>", @"\k")]
    [TestCase(@"\p{L}", @"\p")]
    [TestCase(@"a\Bb", @"\B")]
    [TestCase(@"a\bb", @"\b")]
    [TestCase(@"\b-", @"\b")]
    [TestCase(@"\ba?", @"\b")]
    [TestCase(@"(\ba)+", @"\b")]
    [TestCase("a^b", "^ can stand only at the start")]
    [TestCase("(^a)+", "^ can stand only at the start")]
    [TestCase("a?^b", "^ can stand only at the start")]
    [TestCase("a$b", "$ can stand only at the end")]
    [TestCase("(?>a)", "(?>")]
    [TestCase("(?x) a", "(?x")]
    [TestCase("(?#note)a", "(?#")]
    [TestCase("[a-z-[b]]", "subtraction")]
    [TestCase("[[:alpha:]]", "[:name:]")]
    [TestCase("[^\\x00-\\xff]", "no byte in it")]
    [TestCase("[b-a]", "wrong order")]
    [TestCase("a{3,2}", "wrong order")]
    [TestCase("[a", "not closed")]
    [TestCase("[a\\", "not closed")]
    [TestCase("[", "not closed")]
    [TestCase("(a", "not closed")]
    [TestCase("(?", "not closed")]
    [TestCase("(?<a", "does not end")]
    [TestCase("a)", "closes nothing")]
    [TestCase("*a", "nothing before it")]
    [TestCase("{2}", "nothing before it")]
    [TestCase("a**", "repeated")]
    [TestCase("a{2}{3}", "repeated")]
    [TestCase("a\\", "ends the pattern")]
    [TestCase(@"\xg", "hexadecimal")]
    [TestCase(@"\u00", "hexadecimal")]
    [TestCase(@"\u0100", "is no byte")]
    [TestCase("€", "is no byte")]
    [TestCase(@"\012", @"\0")]
    [TestCase("a{1000}{1000}", "repeated")]
    [TestCase("(a{2000}){2000}", "longer than")]
    [TestCase("a{9999999}", "longer than")]
    [TestCase("a{99999999}", "longer than")]
    public void What_cannot_be_drawn_is_said(string pattern, string what) =>
        Assert.That(() => PatternText.Draw(pattern, 1), Throws.InstanceOf<ArgumentException>().With.Message.Contains(what));

    [Test]
    public void A_small_pattern_takes_neither_long_nor_the_stack()
    {
        Assert.That(() => PatternText.Draw(new string('(', 100_000), 1), Throws.InstanceOf<ArgumentException>().With.Message.Contains("nested"));
        Assert.That(PatternText.Draw("((((|){9999999}){9999999}){9999999}){9999999}", 1), Is.Empty);
        Assert.That(PatternText.Draw("(a{1000}){1000}", 1), Has.Length.EqualTo(1_000_000));
    }

    [Test]
    public void Any_text_is_drawn_from_or_refused() => Law.Holds(Gen.ListOf(Gen.Elements(@"ab01()[]{}|*+?^$.\-,:<=!x".ToCharArray()), 14).Select(signs => new string([.. signs])), pattern =>
    {
        try
        {
            var drawn = PatternText.Draw(pattern, 3);
            if (Understood(pattern) is { } whole) Assert.That(whole.Matches(drawn), Is.True, pattern);
        }
        catch (ArgumentException)
        {
            // Refused.
        }
    }, times: 5000);

    private static BytePattern? Understood(string pattern)
    {
        try
        {
            return new BytePattern(pattern);
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    private static string Drawn(string pattern, ulong seed) => System.Text.Encoding.Latin1.GetString(PatternText.Draw(pattern, seed));

    private static FsCheck.Gen<string> Pattern(int depth)
    {
        var atom = Gen.Elements("a", "b", ".", @"\d", @"\w", @"\s", @"\.", @"\x00", @"\n", "[a-f]", "[^a-f]", @"[\d_]", @"[^\w]", "[-x]");
        if (depth == 0) return atom;
        var inner = Pattern(depth - 1);
        return Gen.Frequency(
            (3, atom),
            (3, from one in inner from other in inner select one + other),
            (2, from one in inner from other in inner select $"(?:{one}|{other})"),
            (1, from one in inner select $"({one}|)"),
            (3, from one in inner from times in Gen.Elements("?", "*", "+", "{2}", "{0,3}", "{1,}", "*?", "+?") select $"(?:{one}){times}"));
    }
}
