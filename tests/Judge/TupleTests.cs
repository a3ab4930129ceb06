using System.Net;
using NUnit.Framework;
using SockConformance.Generate;
using SockConformance.Judge;
using SockConformance.Model;
using SockConformance.Tests.Shared;

namespace SockConformance.Tests.Judge;

public class TupleTests
{
    private static readonly Told Two = Told.Of(Talk.Connect(0), Talk.Connect(1));
    private static readonly IPEndPoint Elsewhere = new(IPAddress.Loopback, 9999);

    [Test]
    public void One_tuple_per_connection_the_same_at_both_ends_holds() => TupleJudge.OnePerConnection(Two).MustHold();

    [Test]
    public void A_peer_other_than_the_one_we_connected_to_is_a_violation() =>
        TupleJudge.OnePerConnection(Two.Changing(1, connection => connection with { Peer = Elsewhere })).MustBeViolated();

    [Test]
    public void A_target_that_has_another_name_for_its_end_is_a_violation() =>
        TupleJudge.OnePerConnection(Two.Changing(0, connection => connection with { ServerSide = connection.ServerSide! with { Local = Elsewhere } })).MustBeViolated();

    [Test]
    public void A_target_that_has_another_name_for_our_end_is_a_violation() =>
        TupleJudge.OnePerConnection(Two.Changing(0, connection => connection with { ServerSide = connection.ServerSide! with { Remote = Elsewhere } })).MustBeViolated();

    [Test]
    public void A_target_whose_end_was_not_found_is_not_blamed() =>
        TupleJudge.OnePerConnection(Two.Changing(0, connection => connection with { ServerSide = null })).MustHold();

    // Within one case the kernel may give a client port again when its connection is over.
    [Test]
    public void A_tuple_that_is_used_again_is_no_violation() =>
        TupleJudge.OnePerConnection(Two.Changing(1, connection => connection with { Tuple = Told.TupleOf(0), ServerSide = null })).MustHold();

    [Test]
    public void A_connection_that_never_was_needs_no_tuple() =>
        TupleJudge.OnePerConnection(Two.But(1, StepResult.Failed, "ECONNREFUSED")).MustHold();

    [Test]
    public void A_flow_that_we_did_not_open_is_a_violation_that_names_it()
    {
        var stranger = new FiveTuple(Told.TupleOf(0).Client, Elsewhere);
        var violation = TupleJudge.OnePerConnection(Two.OnTheWire().WithStranger(Segments.On(stranger, "< S 77(0) ack 0"))).MustBeViolated();
        Assert.That(violation.Observed, Does.StartWith($"{stranger}").And.EndsWith("< S 77(0) ack 0"));
    }
}
