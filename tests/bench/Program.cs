using SockConformance.Bench;

// Speeds, never asserted: each table compares things measured in turns within one run, because the machine's speed wanders.
//   dotnet run -c Release --project tests/bench -- check TARGET…   a whole check of a server (its command, {port} in it)
//   dotnet run -c Release --project tests/bench -- decode          our packet decoder beside PacketDotNet
//   dotnet run -c Release --project tests/bench -- api [DRIVER…]   the model beside the kernel, from the repository's folder
//   dotnet run -c Release --project tests/bench -- analyze [--packets N] [--rounds N] [--program FILE]
//                                                                  the analysis of a capture beside tshark, capinfos, and SharpPcap with PacketDotNet
return args switch
{
    ["check", _, ..] => CheckBench.Run(args[1..]),
    ["api", ..] => ApiBench.Run(Environment.CurrentDirectory, args[1..]),
    ["analyze", .. var options] => AnalyzeBench.Run(options),
    ["decode"] => DecodeBench.Run(),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("usage: check COMMAND {port}   or   decode   or   api [DRIVER]   or   analyze [--packets N] [--rounds N] [--program FILE]");
    return 2;
}
