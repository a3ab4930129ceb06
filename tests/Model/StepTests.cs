using NUnit.Framework;
using SockConformance.Model;

namespace SockConformance.Tests.Model;

public class StepTests
{
    private static IEnumerable<TestCaseData> Words =>
    [
        new(new Step.Connect(0), "#0 connect"),
        new(new Step.Connect(3, Background: true), "#3 connect (not waiting)"),
        new(new Step.Connect(0, ReceiveBuffer: 4096, ReadChunk: 512, ReadPause: 5), "#0 connect (SO_RCVBUF 4096) (reads 512 bytes each 5 ms)"),
        new(new Step.Send(0, Payload.Literal.Of("hi\n"u8)), "#0 send \"hi\\n\""),
        new(new Step.Send(1, new Payload.Generated(40, 1, Alphabet.Letters), [1, 2], 20), "#1 send 40 bytes of letters in pieces of 1,2, 20 ms apart"),
        new(new Step.Send(1, new Payload.Generated(40, 1, Alphabet.Letters), [1, 2, 3, 4, 5, 6, 7, 8, 9]), "#1 send 40 bytes of letters in pieces of 1,2,3,4,5,6,7,8,…"),
        new(new Step.Receive(0, 20), "#0 receive 20 bytes"),
        new(new Step.Receive(0, null), "#0 receive until end of file"),
        new(new Step.ShutdownWrite(2), "#2 shutdown(SHUT_WR)"),
        new(new Step.Close(2), "#2 close"),
        new(new Step.Abort(2), "#2 abort (close with SO_LINGER 0)"),
        new(new Step.Idle(50), "wait 50 ms"),
        new(new Step.Observe(), "look at the table of sockets"),
        new(new Step.Restart(), "stop the target (SIGTERM) and start it again on its port"),
    ];

    [TestCaseSource(nameof(Words))]
    public void A_step_is_told_in_the_words_of_the_socket_interface(Step step, string words) =>
        Assert.That(step.ToString(), Is.EqualTo(words));

    [Test]
    public void Only_primitives_on_a_socket_name_one()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(new Step.Close(7).On, Is.EqualTo(7));
            Assert.That(new Step[] { new Step.Idle(1), new Step.Observe(), new Step.Restart() }.Select(step => step.On), Has.All.Null);
        }
    }
}
