using FsCheck.Fluent;
using NUnit.Framework;
using SockConformance.Generate;
using SockConformance.Model;
using SockConformance.Report;
using SockConformance.Tests.Shared;

namespace SockConformance.Tests.Report;

/// <summary>Case files that this program wrote, whole and damaged.</summary>
public class CaseFileTests
{
    private static readonly CaseFile Sample = Of(new Scenario("every kind of step",
    [
        new Step.Observe(), new Step.Connect(0, Background: true, ReceiveBuffer: 4096, ReadChunk: 100, ReadPause: 2), new Step.Idle(1),
        new Step.Send(0, Talk.Text(30), [1, 2], 3), new Step.Receive(0, 30), new Step.Send(0, Payload.Literal.Of("\0\xff<\"é"u8)),
        new Step.ShutdownWrite(0), new Step.Receive(0, null), new Step.Close(0), new Step.Connect(3), new Step.Abort(3), new Step.Restart(),
    ]));

    [Test]
    public void Every_scenario_comes_back_as_it_was_written() =>
        Law.Holds(Gen.OneOf(Programs.Legal(Speech.Echo), Programs.WithOneIllegalStep(Speech.Echo), Programs.Interleaved(Speech.Echo), Programs.CutExchange(Speech.Echo, Alphabet.Bytes, 3000)), scenario =>
        {
            var file = Of(scenario);
            var read = CaseFile.Parse(file.ToJson(), "a.json");
            using (Assert.EnterMultipleScope())
            {
                Assert.That(read.ToJson(), Is.EqualTo(file.ToJson()));
                Assert.That(read.Scenario.OneLine(999), Is.EqualTo(scenario.OneLine(999)));
                foreach (var socket in scenario.Sockets) Assert.That(read.Scenario.BytesSentOn(socket), Is.EqualTo(scenario.BytesSentOn(socket)));
            }
        });

    [Test]
    public void Every_kind_of_step_and_every_option_comes_back() =>
        Assert.That(CaseFile.Parse(Sample.ToJson(), "a.json").Scenario.Steps.Select(Detail), Is.EqualTo(Sample.Scenario.Steps.Select(Detail)));

    [Test]
    public void The_members_beside_the_scenario_come_back()
    {
        using var folder = new TempFolder();
        var read = CaseFile.Read(folder.File("a.json", Sample.ToJson()));
        Assert.That(
            (read.Id, read.Requirement, read.Spec, read.Seed, read.Expected, read.Observed),
            Is.EqualTo((Sample.Id, Sample.Requirement, Sample.Spec, Sample.Seed, Sample.Expected, Sample.Observed)));
        Assert.That(read.Command, Is.EqualTo(Sample.Command));
    }

    [Test]
    public void Hostile_text_comes_back_as_it_was_but_for_halves_of_characters() => Law.Holds(Runs.Hostile, text =>
    {
        var file = Sample with { Observed = text, Command = [text] };
        var read = CaseFile.Parse(file.ToJson(), "a.json");
        Assert.That(read.Observed.EnumerateRunes(), Is.EqualTo(text.EnumerateRunes()));
        Assert.That(file.ToJson().Where(c => char.IsControl(c) && c != '\n'), Is.Empty);
    });

    [Test]
    public void A_file_cut_at_any_byte_is_refused_in_one_line_that_names_it()
    {
        var bytes = System.Text.Encoding.UTF8.GetBytes(Sample.ToJson().TrimEnd('\n'));
        for (var length = 0; length < bytes.Length; length++)
        {
            var cut = System.Text.Encoding.UTF8.GetString(bytes, 0, length);
            var error = Assert.Throws<InputException>(() => CaseFile.Parse(cut, "folder/cut.json"), $"{length} bytes")!;
            Assert.That(error.Message, Does.StartWith("folder/cut.json ").And.Not.Contain("\n"), $"{length} bytes");
        }
    }

    [Test]
    public void A_file_with_one_damaged_byte_is_refused_or_can_be_run() => EachDamage((json, what) =>
    {
        try
        {
            // What is accepted must not fail later, when it is run and reported.
            var file = CaseFile.Parse(json, "damaged.json");
            SocketModel.Check(file.Scenario);
            foreach (var send in file.Scenario.Steps.OfType<Step.Send>()) Assert.That(send.Data.ToBytes(), Has.Length.EqualTo(send.Data.Size), what);
            Assert.That(file.Scenario.OneLine() + Printable.Line(file.Id) + Printable.Line(file.Requirement), Is.Not.Empty, what);
        }
        catch (InputException)
        {
            // Refused: the next test looks at the words.
        }
        catch (Exception e) when (e is not AssertionException)
        {
            Assert.Fail($"{what}: {e}");
        }
    });

    [Test]
    public void A_file_with_one_damaged_byte_is_refused_in_one_line_that_names_it() => EachDamage((json, what) =>
    {
        try
        {
            CaseFile.Parse(json, "damaged.json");
        }
        catch (InputException e)
        {
            Assert.That(e.Message, Does.StartWith("damaged.json").And.Not.Contain("\n"), what);
        }
    });

    [Test]
    public void The_id_is_the_same_for_the_same_requirement_and_scenario()
    {
        var scenario = Sample.Scenario;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(CaseFile.IdOf("tcp/close/no-reset", scenario), Does.Match("^tcp-close-no-reset-[0-9a-f]{8}$").And.EqualTo(CaseFile.IdOf("tcp/close/no-reset", scenario with { })));
            Assert.That(
                CaseFile.IdOf("tcp/close/no-reset", CaseFile.Parse(Sample.ToJson(), "").Scenario),
                Is.EqualTo(CaseFile.IdOf("tcp/close/no-reset", scenario)));
            Assert.That(Law.Some(Programs.Legal(Speech.Echo), 100).Select(one => CaseFile.IdOf("a", one)), Is.Unique);
        }
    }

    private static CaseFile Of(Scenario scenario) => new()
    {
        Sockcase = CaseFile.Format,
        Id = "tcp-close-no-reset-0123abcd",
        Requirement = "tcp/close/no-reset",
        Spec = "echo",
        Tool = "sockconf 0.1.0",
        Seed = "0x5EED",
        Command = ["python3", "server.py", "{port}"],
        Expected = "FIN",
        Observed = "RST",
        Scenario = scenario,
    };

    /// <summary>Every byte changed to each of these: the signs JSON is made of, digits, letters, and bytes that are no UTF-8.</summary>
    private static void EachDamage(Action<string, string> check)
    {
        byte[] damages = [.. "\"\\{]:,-.19eX\n\0"u8, 0x80, 0xff];
        var bytes = System.Text.Encoding.UTF8.GetBytes(Sample.ToJson());
        for (var at = 0; at < bytes.Length; at++)
        {
            var whole = bytes[at];
            foreach (var damage in damages)
            {
                bytes[at] = damage;
                check(System.Text.Encoding.UTF8.GetString(bytes), $"byte {at} is {damage}");
            }

            bytes[at] = whole;
        }
    }

    private static string Detail(Step step) => step is Step.Send send ? $"{send} {Convert.ToHexString(send.Data.ToBytes())}" : $"{step}";
}
