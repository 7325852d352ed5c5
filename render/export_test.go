package render

// SampleStatus and SampleHub are for the tests in package render_test, which admit runs as an API server does: what does
// that imports this package.
var SampleStatus = sampleStatus

// SampleHub is the hub of the samples.
const SampleHub = sampleHub
