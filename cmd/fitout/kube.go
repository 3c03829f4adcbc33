package main

import (
	"github.com/spf13/pflag"
	"k8s.io/cli-runtime/pkg/genericclioptions"
)

// registerKube adds the kubeconfig flags of the ecosystem. Namespace and the disk cache of discovery mean nothing here.
func registerKube(kube *genericclioptions.ConfigFlags, flags *pflag.FlagSet) {
	kube.Namespace = nil
	kube.CacheDir = nil
	kube.ClusterName = nil // its flag would read as the cluster's --name
	kube.AuthInfoName = nil
	kube.AddFlags(flags)
}
