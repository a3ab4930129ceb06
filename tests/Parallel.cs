using NUnit.Framework;

// The end-to-end tests wait more than they compute.
[assembly: LevelOfParallelism(8)]
