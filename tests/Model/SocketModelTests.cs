using FsCheck;
using FsCheck.Fluent;
using NUnit.Framework;
using SockConformance.Model;
using SockConformance.Tests.Shared;
using SockConformance.Wire;

namespace SockConformance.Tests.Model;

public class SocketModelTests
{
    private static readonly Dictionary<string, Step> Steps = new()
    {
        ["connect"] = new Step.Connect(0),
        ["connect in the background"] = new Step.Connect(0, Background: true),
        ["send"] = new Step.Send(0, new Payload.Generated(5, 1, Alphabet.Letters)),
        ["receive"] = new Step.Receive(0, 5),
        ["receive to the end"] = new Step.Receive(0, null),
        ["shutdown"] = new Step.ShutdownWrite(0),
        ["close"] = new Step.Close(0),
        ["abort"] = new Step.Abort(0),
        ["open"] = new Step.Open(0),
        ["accept"] = new Step.Accept(0),
        ["receive messages"] = new Step.ReceiveMessages(0, 1, new Framing.Stream()),
        ["await"] = new Step.Await(0, 1, new Framing.Stream()),
        ["handshake"] = new Step.Handshake(0, TlsOffer.Any),
        ["close_notify"] = new Step.CloseNotify(0),
        ["serve"] = new Step.Serve(0, []),
        ["craft"] = new Step.Craft(0),
        ["inject"] = new Step.Inject(0, TcpFlags.Rst, 1),
        ["expect"] = new Step.Expect(0, [], 1),
    };

    private static readonly Step[] WithoutSocket = [new Step.Idle(1), new Step.Observe(), new Step.Restart(), new Step.Sample("now"), new Step.Stop(), new Step.Listen(), new Step.Launch(), new Step.AwaitExit()];

    /// <summary>One row per state, one column per step, in the order of <see cref="Steps"/>: the next state, or the errnos that are right.</summary>
    private static readonly (SocketState State, string[] Expected)[] Table =
    [
        (SocketState.Unconnected, ["Connected", "Connecting", "ENOTCONN EPIPE", "ENOTCONN", "ENOTCONN", "ENOTCONN", "Closed", "Closed", "Datagram", "Connected", "ENOTCONN", "ENOTCONN", "ENOTCONN", "ENOTCONN", "ENOTCONN", "Crafted", "EOPNOTSUPP", "EOPNOTSUPP"]),
        (SocketState.Connecting, ["EALREADY EISCONN 0", "EALREADY EISCONN 0", "Connected", "Connected", "Connected", "WriteShut", "Closed", "Closed", "EISCONN", "EISCONN", "Connected", "Connected", "Connected", "Connected", "Connected", "EISCONN", "EOPNOTSUPP", "EOPNOTSUPP"]),
        (SocketState.Connected, ["EISCONN 0", "EISCONN 0", "Connected", "Connected", "Connected", "WriteShut", "Closed", "Closed", "EISCONN", "EISCONN", "Connected", "Connected", "Connected", "Connected", "Connected", "EISCONN", "EOPNOTSUPP", "EOPNOTSUPP"]),
        (SocketState.WriteShut, ["EISCONN 0", "EISCONN 0", "EPIPE", "WriteShut", "WriteShut", "0 ENOTCONN", "Closed", "Closed", "EISCONN", "EISCONN", "WriteShut", "WriteShut", "EPIPE", "EPIPE", "EPIPE", "EISCONN", "EOPNOTSUPP", "EOPNOTSUPP"]),
        (SocketState.Closed, [.. Enumerable.Repeat("EBADF", 18)]),
        (SocketState.Datagram, ["EOPNOTSUPP ENOTCONN", "EOPNOTSUPP ENOTCONN", "Datagram", "EOPNOTSUPP ENOTCONN", "EOPNOTSUPP ENOTCONN", "EOPNOTSUPP ENOTCONN", "Closed", "EOPNOTSUPP ENOTCONN",
            "EOPNOTSUPP ENOTCONN", "EOPNOTSUPP ENOTCONN", "Datagram", "Datagram", "EOPNOTSUPP ENOTCONN", "EOPNOTSUPP ENOTCONN", "EOPNOTSUPP ENOTCONN", "EOPNOTSUPP ENOTCONN", "EOPNOTSUPP ENOTCONN", "EOPNOTSUPP ENOTCONN"]),
        (SocketState.Crafted, ["CraftedConnected", "CraftedConnected", "ENOTCONN", "ENOTCONN", "ENOTCONN", "ENOTCONN", "Closed", "Closed", "EISCONN", "EISCONN", "ENOTCONN", "ENOTCONN",
            "EOPNOTSUPP", "EOPNOTSUPP", "EOPNOTSUPP", "EISCONN", "Crafted", "Crafted"]),
        (SocketState.CraftedConnected, ["EISCONN", "EISCONN", "CraftedConnected", "CraftedConnected", "CraftedConnected", "CraftedShut", "Closed", "Closed", "EISCONN", "EISCONN", "CraftedConnected", "CraftedConnected",
            "EOPNOTSUPP", "EOPNOTSUPP", "EOPNOTSUPP", "EISCONN", "CraftedConnected", "CraftedConnected"]),
        (SocketState.CraftedShut, ["EISCONN", "EISCONN", "EPIPE", "CraftedShut", "CraftedShut", "EPIPE", "Closed", "Closed", "EISCONN", "EISCONN", "CraftedShut", "CraftedShut",
            "EOPNOTSUPP", "EOPNOTSUPP", "EOPNOTSUPP", "EISCONN", "CraftedShut", "CraftedShut"]),
    ];

    private static IEnumerable<TestCaseData> Cells =>
        from row in Table
        from column in Steps.Keys.Zip(row.Expected)
        select new TestCaseData(row.State, column.First, column.Second).SetArgDisplayNames($"{row.State}", column.First);

    [TestCaseSource(nameof(Cells))]
    public void Every_step_in_every_state_is_legal_or_answered_as_the_standard_says(SocketState state, string step, string expected)
    {
        var answer = SocketModel.Next(state, Steps[step]) switch
        {
            Legality.Legal legal => $"{legal.Next}",
            Legality.Illegal illegal => string.Join(' ', illegal.Allowed),
            _ => "neither",
        };
        Assert.That(answer, Is.EqualTo(expected));
    }

    [Test]
    public void The_table_covers_every_state_and_every_kind_of_step()
    {
        var kinds = typeof(Step).GetNestedTypes().Where(type => !type.IsAbstract).ToHashSet();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Table.Select(row => row.State), Is.EquivalentTo(Enum.GetValues<SocketState>()));
            Assert.That(Steps.Values.Concat(WithoutSocket).Select(step => step.GetType()).Distinct(), Is.EquivalentTo(kinds));
        }
    }

    [Test]
    public void A_step_without_a_socket_is_legal_everywhere_and_changes_no_state()
    {
        foreach (var state in Enum.GetValues<SocketState>())
            Assert.That(WithoutSocket.Select(step => SocketModel.Next(state, step)), Has.All.EqualTo(new Legality.Legal(state)));
    }

    [Test]
    public void Every_illegal_step_has_a_reason_a_clause_and_errnos_as_the_wire_spells_them()
    {
        var spelled = Enumerable.Range(0, 134).Select(Libc.Errno).ToHashSet();
        foreach (var illegal in from row in Table from step in Steps.Values select SocketModel.Next(row.State, step) as Legality.Illegal)
        {
            if (illegal is null) continue;
            using (Assert.EnterMultipleScope())
            {
                Assert.That(illegal.Why, Is.Not.Empty);
                Assert.That(illegal.Clause, Does.Match("POSIX|RFC"));
                Assert.That(illegal.Allowed, Is.Not.Empty.And.SubsetOf(spelled));
            }
        }
    }

    [Test]
    public void An_illegal_step_changes_no_state() => Law.Holds(AnySteps, scenario =>
    {
        var verdicts = SocketModel.Check(scenario);
        var legalOnly = scenario with { Steps = [.. scenario.Steps.Where((_, index) => verdicts[index] is Legality.Legal)] };
        Assert.That(SocketModel.Check(legalOnly).Select(Told), Is.EqualTo(verdicts.OfType<Legality.Legal>().Select(Told)), scenario.OneLine(20));
    });

    [Test]
    public void Sockets_do_not_influence_each_other() => Law.Holds(AnySteps, scenario =>
    {
        var verdicts = SocketModel.Check(scenario);
        foreach (var socket in scenario.Sockets)
        {
            var alone = scenario with { Steps = [.. scenario.Steps.Where(step => step.On == socket)] };
            Assert.That(
                SocketModel.Check(alone).Select(Told),
                Is.EqualTo(verdicts.Where((_, index) => scenario.Steps[index].On == socket).Select(Told)),
                scenario.OneLine(20));
        }
    });

    [Test]
    public void The_number_of_illegal_steps_is_counted()
    {
        var scenario = new Scenario("", [new Step.Send(0, Payload.Literal.Of("x"u8)), new Step.Connect(0), new Step.Connect(0), new Step.Close(0), new Step.Close(0)]);
        Assert.That(SocketModel.CountIllegal(scenario), Is.EqualTo(3));
    }

    private static string Told(Legality legality) => legality is Legality.Illegal illegal ? illegal.Why : $"{legality}";

    /// <summary>Steps over three sockets in any order: most of them illegal.</summary>
    private static Gen<Scenario> AnySteps =>
        from length in Gen.Choose(0, 20)
        from sockets in Gen.ListOf(Gen.Choose(0, 2), length)
        from steps in Gen.ListOf(Gen.Elements(Steps.Values.ToArray()), length)
        select new Scenario("any steps", [.. sockets.Zip(steps, Move)]);

    private static Step Move(int socket, Step step) => step switch
    {
        Step.Connect connect => connect with { Socket = socket },
        Step.Send send => send with { Socket = socket },
        Step.Receive receive => receive with { Socket = socket },
        Step.ShutdownWrite => new Step.ShutdownWrite(socket),
        Step.Close => new Step.Close(socket),
        _ => new Step.Abort(socket),
    };
}
