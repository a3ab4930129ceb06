using SockConformance.Cli;
using SockConformance.Suites;

return ConformanceCli.Run(args, Catalogue.Book, ReferenceServer.Command);
