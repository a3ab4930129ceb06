using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using NUnit.Framework;
using SockConformance.Model;
using SockConformance.Targets;
using SockConformance.Tests.Shared;
using SockConformance.Wire;

namespace SockConformance.Tests.Processes;

public class TestCertificatesTests
{
    [Test]
    public void The_chain_leads_to_the_root_and_the_key_fits()
    {
        using var made = new TestCertificates(null);
        var chain = TlsTrust.Read(made.Files.Chain);
        using var own = TlsTrust.Read(made.Files.Chain, made.Files.Key);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(chain, Has.Length.EqualTo(2), "the server's and the authority's; not the root");
            Assert.That(own.HasPrivateKey, Is.True);
            Assert.That(Builds(own, chain, made.Root), Is.True);
            Assert.That(Builds(own, [], made.Root), Is.False, "without the authority's");
            Assert.That(TlsCertificate.NamesOf(own.RawData), Is.EqualTo("localhost, 127.0.0.1, ::1"));
        }
    }

    [TestCase("server.example", "localhost, server.example, 127.0.0.1, ::1")]
    [TestCase("192.0.2.7", "localhost, 127.0.0.1, ::1, 192.0.2.7")]
    public void A_name_of_the_spec_is_among_its_names(string name, string all)
    {
        using var made = new TestCertificates(null, name);
        Assert.That(TlsCertificate.NamesOf(TlsTrust.Read(made.Files.Chain)[0].RawData), Is.EqualTo(all));
    }

    [Test]
    public void Two_runs_do_not_trust_each_other()
    {
        using var one = new TestCertificates(null);
        using var other = new TestCertificates(null);
        using var own = TlsTrust.Read(one.Files.Chain, one.Files.Key);
        Assert.That(Builds(own, TlsTrust.Read(one.Files.Chain), other.Root), Is.False);
    }

    [Test]
    public void Only_the_owner_reads_the_key_and_nothing_is_left_of_it()
    {
        string folder;
        using (var made = new TestCertificates(null))
        {
            folder = made.Files.Folder;
            Assert.That(File.GetUnixFileMode(made.Files.Key), Is.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite));
            Assert.That(File.ReadAllText(made.Files.Key), Does.StartWith("-----BEGIN PRIVATE KEY-----\n"));
        }

        Assert.That(folder, Does.Not.Exist);
    }

    [TestCase("localhost")]
    [TestCase("server.example")]
    public void Each_that_is_shown_to_a_client_is_wrong_in_one_respect(string name)
    {
        using var made = new TestCertificates(null, name);
        var shown = made.Shown();
        var authority = TlsTrust.Read(made.Files.Chain)[1];
        var now = DateTimeOffset.UtcNow;
        Assert.That(shown.Keys, Is.EquivalentTo(Enum.GetValues<ShownCertificate>()));
        foreach (var (kind, context) in shown)
        {
            var certificate = context.TargetCertificate;
            using (Assert.EnterMultipleScope())
            {
                Assert.That(certificate.HasPrivateKey, Is.True, $"{kind}");
                Assert.That(Builds(certificate, [certificate, authority], made.Root, atAnyTime: true), Is.EqualTo(kind is not (ShownCertificate.SelfSigned or ShownCertificate.OtherAuthority)), $"{kind}: its chain");
                Assert.That(certificate.NotBefore < now && now < certificate.NotAfter, Is.EqualTo(kind is not (ShownCertificate.Expired or ShownCertificate.NotYetValid)), $"{kind}: its dates");
                Assert.That(certificate.MatchesHostname(name, allowWildcards: true, allowCommonName: false),
                    Is.EqualTo(kind is not (ShownCertificate.OtherName or ShownCertificate.CommonNameOnly or ShownCertificate.PartialWildcard)), $"{kind}: its name");
            }
        }

        Assert.That(shown[ShownCertificate.CommonNameOnly].TargetCertificate.MatchesHostname(name, allowWildcards: true, allowCommonName: true), Is.True);
        Assert.That(TlsCertificate.NamesOf(shown[ShownCertificate.PartialWildcard].TargetCertificate.RawData), Is.EqualTo(name == "localhost" ? "l*calhost" : "l*calhost, s*rver.example"));
    }

    [Test]
    public void A_client_is_told_whom_to_trust()
    {
        using var setup = new TlsSetup(ServiceSpec.Echo with { Tls = TlsSpec.Default }, new TargetCommand(["client", "{port}", "{ca}"], "/", []), null, null, null, ofClient: true);
        var files = setup.Command!.Certificates!;
        Assert.That(setup.Command.For(77, "127.0.0.1"), Is.EqualTo(["client", "77", files.Authority]));
        Assert.That(TlsTrust.Read(files.Authority).Single().RawData, Is.EqualTo(setup.Trust!.Roots.Single().RawData));
        Assert.That(setup.Shown, Is.Not.Null);
    }

    [Test]
    public void In_a_scratch_folder_they_are_left_to_its_owner()
    {
        using var place = new TempFolder();
        using (var made = new TestCertificates(place.Path)) Assert.That(made.Files.Folder, Is.EqualTo(Path.Combine(place.Path, "tls")));
        Assert.That(Path.Combine(place.Path, "tls", "cert.pem"), Does.Exist);
    }

    [Test]
    public void A_command_gets_their_paths()
    {
        using var made = new TestCertificates(null);
        var command = new TargetCommand(["server", "{port}", "--cert={cert}", "{key}"], "/", []) { Certificates = made.Files };
        Assert.That(command.For(77, "127.0.0.1"), Is.EqualTo(["server", "77", $"--cert={made.Files.Chain}", made.Files.Key]));
    }

    [TestCase("server {port}", false)]
    [TestCase("server {port} {cert}", true)]
    [TestCase("server {port} --key={key}", true)]
    public void They_are_made_only_for_a_command_that_asks(string command, bool needed) =>
        Assert.That(new TargetCommand([.. command.Split(' ')], "/", []).NeedsCertificates, Is.EqualTo(needed));

    [Test]
    public void A_run_trusts_what_was_made_for_it()
    {
        using var setup = new TlsSetup(ServiceSpec.Echo with { Tls = TlsSpec.Default }, new TargetCommand(["server", "{cert}"], "/", []), null, "other.example", null);
        Assert.That(setup.Command!.Certificates, Is.Not.Null);
        Assert.That((setup.Trust!.Roots.Length, setup.Trust.Name), Is.EqualTo((1, "other.example")));
    }

    [Test]
    public void A_run_trusts_what_it_was_told_to_trust()
    {
        using var made = new TestCertificates(null);
        using var place = new TempFolder();
        using var setup = new TlsSetup(ServiceSpec.Echo with { Tls = TlsSpec.Default }, new TargetCommand(["server", "{cert}"], "/", []), place.File("ca.pem", made.Root.ExportCertificatePem()), null, null);
        Assert.That(setup.Trust!.Roots.Single().RawData, Is.EqualTo(made.Root.RawData));
    }

    [Test]
    public void A_service_in_clear_needs_no_trust_and_no_files()
    {
        using var setup = new TlsSetup(ServiceSpec.Echo, new TargetCommand(["server"], "/", []), "no such file", null, null);
        Assert.That((setup.Trust, setup.Command!.Certificates), Is.EqualTo(((TlsTrust?)null, (CertificateFiles?)null)));
    }

    [TestCase("", "has no certificate in PEM")]
    [TestCase("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "a certificate that cannot be read")]
    [TestCase("-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n", "has no certificate in PEM")]
    public void A_file_of_no_certificates_is_refused_in_one_line(string text, string why)
    {
        using var place = new TempFolder();
        MustRefuse(() => TlsTrust.Read(place.File("ca.pem", text)), "ca.pem", why);
    }

    [Test]
    public void A_file_that_is_not_there_is_named() => MustRefuse(() => TlsTrust.Read("/no/such/ca.pem"), "there is no file /no/such/ca.pem");

    [Test]
    public void A_folder_is_no_file_of_certificates()
    {
        using var place = new TempFolder();
        MustRefuse(() => TlsTrust.Read(place.Path), "there is no file");
    }

    [Test]
    public void A_key_of_another_certificate_is_refused_in_one_line()
    {
        using var one = new TestCertificates(null);
        using var other = new TestCertificates(null);
        MustRefuse(() => TlsTrust.Read(one.Files.Chain, other.Files.Key), "key.pem is not the key of the certificate in");
    }

    [Test]
    public void A_key_of_another_kind_is_refused_in_one_line()
    {
        using var made = new TestCertificates(null);
        using var place = new TempFolder();
        using var rsa = RSA.Create(2048);
        MustRefuse(() => TlsTrust.Read(made.Files.Chain, place.File("rsa.pem", rsa.ExportPkcs8PrivateKeyPem())), "rsa.pem is not the key of the certificate in");
    }

    [TestCase("", "has no private key in PEM")]
    [TestCase("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "a private key that cannot be read")]
    [TestCase("-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n", "locked with a pass phrase")]
    public void What_is_no_key_is_refused_in_one_line(string text, string why)
    {
        using var made = new TestCertificates(null);
        using var place = new TempFolder();
        MustRefuse(() => TlsTrust.Read(made.Files.Chain, place.File("key.pem", text)), "key.pem", why);
    }

    [TestCase("")]
    [TestCase("3003020101")]
    public void Of_what_is_no_certificate_nothing_is_said(string hex) => Assert.That(TlsCertificate.NamesOf(Convert.FromHexString(hex)), Is.EqualTo("nothing that can be read"));

    private static void MustRefuse(Action read, params string[] words)
    {
        var message = Assert.Throws<CertificateException>(() => read())!.Message;
        Assert.That(message, Does.Not.Contain('\n'));
        foreach (var word in words) Assert.That(message, Does.Contain(word));
    }

    private static bool Builds(X509Certificate2 certificate, ImmutableArray<X509Certificate2> sent, X509Certificate2 root, bool atAnyTime = false)
    {
        using var chain = new X509Chain { ChainPolicy = { RevocationMode = X509RevocationMode.NoCheck, TrustMode = X509ChainTrustMode.CustomRootTrust, DisableCertificateDownloads = true } };
        chain.ChainPolicy.CustomTrustStore.Add(root);
        chain.ChainPolicy.ExtraStore.AddRange(sent.ToArray());
        if (atAnyTime) chain.ChainPolicy.VerificationFlags = X509VerificationFlags.IgnoreNotTimeValid;
        return chain.Build(certificate);
    }
}
