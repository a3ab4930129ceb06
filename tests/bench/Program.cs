using System.Globalization;
using SockConformance.Bench;

// Speeds, never asserted: each table compares things measured in turns within one run, because the machine's speed wanders.
//   dotnet run -c Release --project tests/bench -- check TARGET…   a whole check of a server (its command, {port} in it)
//   dotnet run -c Release --project tests/bench -- start           the start of the program beside dotnet hello.dll
//   dotnet run -c Release --project tests/bench -- decode          our packet decoder beside PacketDotNet
//   dotnet run -c Release --project tests/bench -- api [DRIVER…]   the model beside the kernel, from the repository's folder
//   dotnet run -c Release --project tests/bench -- fuzz TARGET…    sequences beside a loop in C, and a campaign, from the repository's folder
//   dotnet run -c Release --project tests/bench -- analyze [--packets N] [--rounds N] [--program FILE]
//                                                                  the analysis of a capture beside tshark, capinfos, and SharpPcap with PacketDotNet
//   dotnet run -c Release --project tests/bench -- fuzz-captures N|SECONDSs [SEED]   damaged captures through analyze, from the repository's folder
//   dotnet run -c Release --project tests/bench -- messy-captures N [SEED [FILE…]]    clean connections with a bad observer: nothing may be found
//   dotnet run -c Release --project tests/bench -- endless-captures N [KIND]          memory and time of captures with N packets, made up while they are read
return args switch
{
    ["check", _, ..] => CheckBench.Run(args[1..]),
    ["fuzz", _, ..] => FuzzBench.Run(Environment.CurrentDirectory, args[1..]),
    ["api", ..] => ApiBench.Run(Environment.CurrentDirectory, args[1..]),
    ["analyze", .. var options] => AnalyzeBench.Run(options),
    ["start"] => StartBench.Run(),
    ["decode"] => DecodeBench.Run(),
    ["fuzz-captures", var much, .. var seed] => FuzzCaptures.Run(Environment.CurrentDirectory, much, seed is [var number] ? int.Parse(number, CultureInfo.InvariantCulture) : 1),
    ["messy-captures", var much, .. var more] => MessyCaptures.Run(int.Parse(much, CultureInfo.InvariantCulture), more is [var number, ..] ? int.Parse(number, CultureInfo.InvariantCulture) : 1, more.Skip(1).ToList()),
    ["endless-captures", var much, .. var kind] => EndlessCaptures.Run(long.Parse(much, CultureInfo.InvariantCulture), kind is [var only] ? only : null),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("usage: check COMMAND {port}   or   fuzz COMMAND {port}   or   start   or   decode   or   api [DRIVER]   or   analyze [--packets N] [--rounds N] [--program FILE]   or   fuzz-captures N|SECONDSs [SEED]   or   messy-captures N [SEED [FILE]]   or   endless-captures N [KIND]");
    return 2;
}
