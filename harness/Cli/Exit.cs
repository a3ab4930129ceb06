namespace SockConformance.Cli;

/// <summary>The exit codes: a public contract.</summary>
public static class Exit
{
    public const int Holds = 0, Violated = 1, Usage = 2, HarnessFailed = 3, NothingRan = 4, TargetUnusable = 5, EnvironmentLacks = 6, Undecided = 7;

    /// <summary>A run that a signal ended: the shell's convention.</summary>
    public static int Interrupted(int signal) => 128 + signal;
}

/// <summary>The command line asks for something that makes no sense; the message is one line.</summary>
public sealed class UsageException(string message) : Exception(message);

/// <summary>Something was required (--sandbox require, --capture require) that this machine does not give.</summary>
public sealed class EnvironmentException(string message) : Exception(message);
