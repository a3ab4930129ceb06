using NUnit.Framework;
using SockConformance.Fuzz;
using SockConformance.Generate;
using SockConformance.Model;
using SockConformance.Suites;
using SockConformance.Tests.EndToEnd;
using SockConformance.Wire;

namespace SockConformance.Tests.Fuzz;

public class FuzzGeneratorTests
{
    private const int Cases = 3000;

    private static ServiceSpec Mini { get; } = BuiltInSpecs.Shelf.Find(Path.Combine(Machine.Targets, "fuzz", "mini.yaml"));

    public static IEnumerable<ServiceSpec> Services => [ServiceSpec.Echo, ServiceSpec.Raw, Mini, BuiltInSpecs.Shelf.Find("http"), BuiltInSpecs.Shelf.Find("daytime"), BuiltInSpecs.Shelf.Find("echo-tls"), BuiltInSpecs.Shelf.Find("echo-udp"), BuiltInSpecs.Shelf.Find("discard-udp")];

    [TestCaseSource(nameof(Services))]
    public void Every_case_is_legal_for_a_client_and_ends_all_its_connections(object service)
    {
        foreach (var scenario in Drawn((ServiceSpec)service, 1))
        {
            Assert.That(SocketModel.CountIllegal(scenario), Is.Zero, scenario.OneLine(100));
            Assert.That(scenario.Sockets.Where(socket => !scenario.Steps.Any(step => step is Step.Close or Step.Abort && step.On == socket)), Is.Empty, scenario.OneLine(100));
            Assert.That(QuickDriver.Knows(scenario.Steps) || service is not ServiceSpec { Tls: null, Transport: Transport.Tcp }, scenario.OneLine(100));
        }
    }

    [TestCaseSource(nameof(Services))]
    public void Nothing_is_waited_for_that_is_not_due(object service)
    {
        foreach (var scenario in Drawn((ServiceSpec)service, 2).Where(Examiner.IsInnocent)) Assert.That(Shrinker.IsFair(scenario, (ServiceSpec)service), scenario.OneLine(100));
    }

    [Test]
    public void Who_talks_in_clear_to_a_TLS_service_is_owed_nothing()
    {
        var service = BuiltInSpecs.Shelf.Find("echo-tls");
        var data = Payload.Literal.Of("a"u8);
        Assert.That(Shrinker.IsFair(new Scenario("", [new Step.Connect(0), new Step.Handshake(0, TlsOffer.Any), new Step.Send(0, data), new Step.Receive(0, 1), new Step.Close(0)]), service));
        Assert.That(Shrinker.IsFair(new Scenario("", [new Step.Connect(0), new Step.Send(0, data), new Step.Receive(0, 1), new Step.Close(0)]), service), Is.False);
    }

    [Test]
    public void The_same_seed_draws_the_same_cases_and_another_one_others()
    {
        var first = Drawn(Mini, 3).Select(scenario => scenario.OneLine(100)).ToList();
        Assert.That(Drawn(Mini, 3).Select(scenario => scenario.OneLine(100)), Is.EqualTo(first));
        Assert.That(Drawn(Mini, 4).Select(scenario => scenario.OneLine(100)), Is.Not.EqualTo(first));
    }

    [Test]
    public void What_led_to_something_new_is_kept_in_front_of_most_cases_drawn_from_it()
    {
        using var corpus = new Corpus();
        ReadOnlySpan<byte> word = "HELO\nAUTH zaphod\n"u8;
        corpus.Begin(Talk.Scenario("", [new Step.Connect(0), new Step.Send(0, Payload.Literal.Of(word))]));
        var generator = new FuzzGenerator(Mini, corpus, 5);
        var wanted = Payload.Literal.Of(word);
        var kept = Enumerable.Range(0, Cases).Count(number => generator.Draw((ulong)number).Steps.OfType<Step.Send>().FirstOrDefault()?.Data.Equals(wanted) == true);
        Assert.That(kept, Is.GreaterThan(Cases / 4));
    }

    [Test]
    public void One_client_at_a_time_where_the_spec_says_so()
    {
        foreach (var scenario in Drawn(BuiltInSpecs.Shelf.Find(Path.Combine(Machine.Targets, "fuzz", "one-client.yaml")), 6))
        {
            var open = new HashSet<int>();
            foreach (var step in scenario.Steps)
            {
                if (step is Step.Connect) open.Add(step.On!.Value);
                if (step is Step.Close or Step.Abort) open.Remove(step.On!.Value);
                Assert.That(open, Has.Count.LessThan(2), scenario.OneLine(100));
            }
        }
    }

    private static IEnumerable<Scenario> Drawn(ServiceSpec service, ulong seed)
    {
        using var corpus = new Corpus();
        var generator = new FuzzGenerator(service, corpus, seed);
        for (var number = 0; number < Cases; number++)
        {
            var scenario = generator.Draw((ulong)number);
            if (number % 50 == 0) corpus.Begin(scenario);
            yield return scenario;
        }
    }
}
