using FsCheck;
using NUnit.Framework;
using SockConformance.Generate;
using SockConformance.Model;
using SockConformance.Tests.Shared;

namespace SockConformance.Tests.Generate;

public class DatagramProgramsTests
{
    // A few cases may use one target at a time, and its buffer is one.
    private const int Share = Flight.ReceiveBuffer / 12;

    private static readonly Conversation Echo = Mail.Talk();

    private static IEnumerable<TestCaseData> Generators =>
        from spec in (string[])["echo-udp", "daytime-udp"]
        let talk = Mail.Talk(spec)
        from entry in (IEnumerable<(string Name, Gen<Scenario> Programs)>)
        [
            ("exchanges", DatagramPrograms.Exchanges(talk, 500)), ("exchanges of bytes", DatagramPrograms.Exchanges(talk, 500, bytes: true)),
            ("peers", DatagramPrograms.Peers(talk)), ("shuffled", DatagramPrograms.Shuffled(talk)), ("doubled", DatagramPrograms.Doubled(talk)),
        ]
        select new TestCaseData(talk.Service, entry.Programs).SetArgDisplayNames(spec, entry.Name);

    [TestCaseSource(nameof(Generators))]
    public void Programs_are_legal_and_a_faultless_server_can_meet_every_step(ServiceSpec service, Gen<Scenario> programs) => Law.Holds(programs, scenario =>
        Assert.That((SocketModel.CountIllegal(scenario), Shrinker.IsFair(scenario, service), Postage.WhyNot(scenario, service)), Is.EqualTo((0, true, (string?)null)), scenario.OneLine(99)));

    [TestCaseSource(nameof(Generators))]
    public void A_faultless_server_is_waited_for_in_vain_by_none(ServiceSpec service, Gen<Scenario> programs) =>
        Law.Holds(programs, scenario => Assert.That(Mail.Of(scenario.Steps).To(service).Evidence().FirstUnmet, Is.EqualTo(-1), scenario.OneLine(99)));

    [TestCaseSource(nameof(Generators))]
    public void No_more_is_under_way_than_a_share_of_a_receive_buffer(ServiceSpec service, Gen<Scenario> programs) =>
        Law.Holds(programs, scenario => Assert.That(Flight.Most(scenario), Is.LessThan(Share), $"{service.Name}: {scenario.OneLine(99)}"));

    [TestCaseSource(nameof(Generators))]
    public void Every_socket_is_closed_in_the_end(ServiceSpec service, Gen<Scenario> programs) => Law.Holds(programs, scenario =>
    {
        foreach (var socket in scenario.Sockets) Assert.That(scenario.Steps.Last(step => step.On == socket), Is.InstanceOf<Step.Close>(), service.Name);
    });

    [Test]
    public void Shuffled_datagrams_differ_and_doubled_ones_repeat()
    {
        Law.Holds(DatagramPrograms.Shuffled(Echo), scenario => Assert.That(Sent(scenario), Is.Unique));
        Law.Holds(DatagramPrograms.Doubled(Echo), scenario => Assert.That(Sent(scenario).Distinct().Count(), Is.LessThan(Sent(scenario).Count())));
    }

    [Test]
    public void A_peer_has_one_datagram_under_way_at_most() => Law.Holds(DatagramPrograms.Peers(Echo), scenario =>
    {
        foreach (var socket in scenario.Sockets)
        {
            var steps = scenario.Steps.Where(step => step.On == socket && step is Step.Send or Step.ReceiveMessages).ToList();
            Assert.That(steps.Index().All(entry => entry.Item is Step.Send == (entry.Index % 2 == 0)), Is.True, scenario.OneLine(99));
        }
    });

    [Test]
    public void Smaller_programs_are_fair_too()
    {
        foreach (var generator in (Gen<Scenario>[])[DatagramPrograms.Exchanges(Echo, 300), DatagramPrograms.Peers(Echo), DatagramPrograms.Shuffled(Echo), DatagramPrograms.Doubled(Echo)])
        {
            Law.Holds(generator, scenario =>
            {
                foreach (var candidate in Shrinker.Candidates(scenario, Echo.Service))
                {
                    Assert.That(Postage.WhyNot(candidate, Echo.Service), Is.Null, candidate.OneLine(99));
                    Assert.That(Mail.Of(candidate.Steps).Evidence().FirstUnmet, Is.EqualTo(-1), candidate.OneLine(99));
                }
            }, times: 25);
        }
    }

    [Test]
    public void Waiting_for_more_answers_than_datagrams_were_sent_is_unfair() =>
        Assert.That(Shrinker.IsFair(Talk.Scenario("", Echo.Enter(0), [Conversation.Send(0, Echo.Message(0)), new Step.ReceiveMessages(0, 2, new Framing.Datagram())]), Echo.Service), Is.False);

    [Test]
    public void Waiting_for_an_answer_that_was_taken_already_is_unfair() =>
        Assert.That(Shrinker.IsFair(Talk.Scenario("", Echo.Enter(0), [Conversation.Send(0, Echo.Message(0))], DatagramPrograms.UntilSilence(0, 10), Echo.Receive(0, Echo.Message(0))), Echo.Service), Is.False);

    [Test]
    public void Waiting_for_an_answer_that_another_socket_asked_for_is_unfair() =>
        Assert.That(Shrinker.IsFair(Talk.Scenario("", Talk.Each([0, 1], Echo.Enter), [Conversation.Send(0, Echo.Message(0)), new Step.ReceiveMessages(1, 1, new Framing.Datagram())]), Echo.Service), Is.False);

    [Test]
    public void A_failure_on_a_large_datagram_ends_at_that_datagram()
    {
        var scenario = Talk.Scenario("", Echo.Enter(0), Talk.Each([0, 1, 2], i => Echo.Exchange(0, i, 300 * i + 20)), Echo.Leave(0));
        while (Shrinker.Candidates(scenario, Echo.Service).FirstOrDefault(candidate => candidate.Steps.OfType<Step.Send>().Any(send => send.Data.Size > 100)) is { } smaller) scenario = smaller;
        Assert.That(scenario.Steps.Where(step => step is not Step.Close).Select(step => step is Step.Send send ? $"send {send.Data.Size}" : step.GetType().Name), Is.EqualTo(["Open", "send 101"]));
    }

    private static IEnumerable<string> Sent(Scenario scenario) => scenario.Steps.OfType<Step.Send>().Select(send => Convert.ToHexString(send.Data.ToBytes()));
}
