using System.Globalization;
using System.Text;

namespace SockConformance.Api;

/// <summary>How often each primitive was called in each state.</summary>
internal sealed class Coverage
{
    private static readonly ApiState[] States = Enum.GetValues<ApiState>();
    private static readonly Primitive[] Primitives = Enum.GetValues<Primitive>();
    private readonly long[,] counts = new long[States.Length, Primitives.Length];

    public long this[ApiState state, Primitive op] => counts[(int)state, (int)op];

    /// <summary>Pairs of state and primitive that were met at least so often.</summary>
    public int Pairs(long times) => counts.Cast<long>().Count(count => count >= times);

    public void Count(ApiState state, Primitive op) => counts[(int)state, (int)op]++;

    public void Add(Coverage other)
    {
        foreach (var state in States)
        {
            foreach (var op in Primitives) counts[(int)state, (int)op] += other[state, op];
        }
    }

    /// <summary>As a table: a line for each state.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{"state",-20}").AppendJoin("", Primitives.Select(op => $"{op.ToString().ToLowerInvariant(),12}")).Append('\n');
        foreach (var state in States) text.Append(CultureInfo.InvariantCulture, $"{state,-20}").AppendJoin("", Primitives.Select(op => $"{this[state, op],12}")).Append('\n');
        return text.ToString();
    }
}
