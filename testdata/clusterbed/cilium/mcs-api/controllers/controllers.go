// Package controllers has what Cilium uses of the module of that name, which
// is not served.
package controllers

// DerivedServiceAnnotation is on a ServiceImport and names the Service that
// was made for it.
const DerivedServiceAnnotation = "multicluster.kubernetes.io/derived-service"
