using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace SockConformance.Grade;

/// <summary>Seeds of a course: the same for every submission and every run, from a name that everybody knows or a secret that only the instructor does.</summary>
internal static class Seeds
{
    /// <summary>The variable that may hold the secret.</summary>
    public const string Variable = "SOCKCONF_SECRET_SEED";

    public static ulong Of(string course, string secret = "") =>
        BinaryPrimitives.ReadUInt64BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes($"sockconf\n{course}\n{secret}"))) >> 1;
}
