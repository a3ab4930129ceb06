using NUnit.Framework;
using SockConformance.Api;

namespace SockConformance.Tests.Api;

public class ShrinkingTests
{
    [Test]
    public void What_is_not_needed_goes()
    {
        var program = Situations.All(withPeer: false).First(one => one.Situation == "many sockets, and all work");
        var (best, runs) = ProgramShrinker.Shrink(program, program.Calls.Length - 1, candidate => candidate.Calls.Any(call => call.Op == Primitive.Listen) && candidate.Calls.Any(call => call.Op == Primitive.Send && call.On == 5), 400);
        Assert.That(best.Calls.Select(call => call.Op), Is.EqualTo((Primitive[])[Primitive.Listen, Primitive.Send]));
        Assert.That(best.Calls[1].Size, Is.EqualTo(1));
        Assert.That(runs, Is.LessThanOrEqualTo(400));
    }

    [Test]
    public void It_keeps_to_its_limit()
    {
        var program = Situations.All(withPeer: false).First(one => one.Calls.Length > 20);
        var runs = 0;
        ProgramShrinker.Shrink(program, program.Calls.Length, _ => ++runs < 0, 10);
        Assert.That(runs, Is.LessThanOrEqualTo(10));
    }
}
