using System.IO.Enumeration;

namespace SockConformance.Model;

/// <summary>How a filter, a rubric and a user name several requirements at once.</summary>
public static class IdPattern
{
    /// <summary>Whether an id begins so, or matches where the expression has a *.</summary>
    public static bool Matches(string id, string expression) => expression.Contains('*', StringComparison.Ordinal)
        ? FileSystemName.MatchesSimpleExpression(expression, id, ignoreCase: false)
        : id.StartsWith(expression, StringComparison.Ordinal);
}
