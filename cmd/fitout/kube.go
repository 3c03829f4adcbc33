package main

import (
	"fmt"
	"regexp"

	"github.com/spf13/pflag"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/client-go/rest"
)

// registerKube adds the kubeconfig flags of the ecosystem. Namespace and the disk cache of discovery mean nothing here.
func registerKube(kube *genericclioptions.ConfigFlags, flags *pflag.FlagSet) {
	kube.Namespace = nil
	kube.CacheDir = nil
	kube.ClusterName = nil // its flag would read as the cluster's --name
	kube.AuthInfoName = nil
	kube.AddFlags(flags)
}

// proxyURL is the complaint about an address of a proxy that is none, in which a password may stand that no rule of URLs finds.
var proxyURL = regexp.MustCompile(`invalid 'proxy-url' ("(\\.|[^"\\])*")`)

// restConfig is how to connect to the cluster that flags, kubeconfig or the service account of a pod name. Without any of
// them client-go would try localhost:8080; here that is an error.
func restConfig(kube *genericclioptions.ConfigFlags) (*rest.Config, error) {
	if err := checkKubeconfig(kube); err != nil {
		return nil, fmt.Errorf("kubeconfig: %w", err)
	}
	config, err := kube.ToRESTConfig()
	if err != nil {
		return nil, fmt.Errorf("kubeconfig: %s; correct the flag or the field of the kubeconfig that says so", proxyURL.ReplaceAllString(err.Error(), "invalid 'proxy-url' (hidden)"))
	}
	config.UserAgent = "fitout/" + version()
	return config, nil
}
