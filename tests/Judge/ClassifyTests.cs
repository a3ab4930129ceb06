using NUnit.Framework;
using SockConformance.Generate;
using SockConformance.Judge;
using SockConformance.Model;
using SockConformance.Tests.Shared;

namespace SockConformance.Tests.Judge;

public class ClassifyTests
{
    private static readonly Told Exchange = Told.Of(Told.Visit(0, Talk.Text(20)));

    [Test]
    public void An_exchange_that_ends_with_a_fin_from_each_side_is_orderly() => Ends(Exchange, CloseVerdict.Orderly);

    [Test]
    public void A_reset_is_a_reset() => Ends(Exchange.But(4, StepResult.Failed, "ECONNRESET"), CloseVerdict.Reset);

    [Test]
    public void A_reset_that_only_the_capture_saw_is_a_reset() =>
        Ends(Exchange.OnTheWire(Segments.Of(0, "> S 1(0) ack 0", "< R. 0(0) ack 2")), CloseVerdict.Reset);

    [Test]
    public void A_fin_that_never_came_is_a_time_out() => Ends(Exchange.But(4, StepResult.TimedOut), CloseVerdict.Timeout);

    [Test]
    public void A_socket_left_behind_is_half_open() => Ends(Exchange.LeavingBehind(0, TcpState.CloseWait), CloseVerdict.HalfOpen);

    [Test]
    public void Without_a_connection_nothing_was_to_be_closed() => Ends(Told.Of(Talk.Wait(1)), CloseVerdict.None);

    [Test]
    public void A_connection_that_we_aborted_was_not_to_be_closed() =>
        Ends(Told.Of(Talk.Connect(0), [new Step.Abort(0)]), CloseVerdict.None);

    [Test]
    public void A_connection_that_was_refused_was_not_to_be_closed() =>
        Ends(Exchange.But(0, StepResult.Failed, "ECONNREFUSED"), CloseVerdict.None);

    [Test]
    public void The_worst_of_several_counts()
    {
        var three = Told.Of(Told.Visit(0, Talk.Text(20)), Told.Visit(1, Talk.Text(20)), Told.Visit(2, Talk.Text(20)));
        Ends(three.LeavingBehind(1, TcpState.CloseWait).But(16, StepResult.TimedOut), CloseVerdict.Timeout);
    }

    private static void Ends(Evidence evidence, CloseVerdict close) => Assert.That(CloseJudge.Classify(evidence), Is.EqualTo(close));
}
