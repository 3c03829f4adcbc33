// Package conformance stands in for a module that Cilium's tests import, and
// that is not served.
package conformance
