using System.Text;

namespace SockConformance.Model;

/// <summary>FNV-1a of 32 bits over a text in UTF-8: the same on every machine and in every version. Names of saved cases and parts of runs rest on it.</summary>
internal static class Fnv1a
{
    public static uint Of(string text)
    {
        var hash = 2166136261u;
        foreach (var one in Encoding.UTF8.GetBytes(text)) hash = unchecked((hash ^ one) * 16777619u);
        return hash;
    }
}
