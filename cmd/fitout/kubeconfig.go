package main

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"

	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/client-go/rest"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// maxKubeconfig bounds a kubeconfig, in bytes.
const maxKubeconfig = 16 << 20

// checkKubeconfig refuses what does not name a cluster, before anything is asked: files that cannot be read, no file at
// all, a context that is not chosen or names what is not there.
func checkKubeconfig(kube *genericclioptions.ConfigFlags) error {
	loader := kube.ToRawKubeConfigLoader()
	files := loader.ConfigAccess().GetLoadingPrecedence()
	explicit := loader.ConfigAccess().IsExplicitFile()
	if explicit {
		files = []string{loader.ConfigAccess().GetExplicitFile()}
	}
	if err := checkFiles(files, explicit); err != nil {
		return err
	}
	config, err := loader.RawConfig()
	if err != nil {
		return fmt.Errorf("%w; correct the file, or give another with --kubeconfig or KUBECONFIG", err)
	}
	server := given(kube.APIServer) || os.Getenv("KUBERNETES_MASTER") != ""
	if len(config.Contexts)+len(config.Clusters)+len(config.AuthInfos) == 0 {
		if server || !explicit && inCluster() {
			return nil
		}
		return fmt.Errorf("there is none: looked at %s; give one with --kubeconfig or KUBECONFIG", strings.Join(states(files), ", "))
	}
	return checkContext(kube, config, server, strings.Join(files, ", "))
}

// checkFiles finds all files that exist and cannot be a kubeconfig, and an explicit one that does not exist.
func checkFiles(files []string, explicit bool) error {
	var errs []error
	for _, file := range files {
		if err := checkFile(file); err != nil && (explicit || !errors.Is(err, fs.ErrNotExist)) {
			errs = append(errs, fmt.Errorf("%w; give one with --kubeconfig or KUBECONFIG", err))
		}
	}
	return errors.Join(errs...)
}

func checkFile(file string) error {
	info, err := os.Stat(file)
	switch {
	case err != nil:
		return err
	case info.IsDir():
		return fmt.Errorf("%s is a directory", file)
	case info.Mode()&os.ModeDevice != 0 && file != os.DevNull:
		return fmt.Errorf("%s is a device", file)
	case info.Size() > maxKubeconfig:
		return fmt.Errorf("%s is larger than %d MiB", file, maxKubeconfig>>20)
	case !info.Mode().IsRegular():
		return nil // a pipe can be read once
	}
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	return f.Close()
}

// states says of files that hold no kubeconfig why.
func states(files []string) []string {
	var all []string
	for _, file := range files {
		if file == "" {
			continue // KUBECONFIG has a colon too many
		}
		why := "names no cluster"
		switch info, err := os.Stat(file); {
		case errors.Is(err, fs.ErrNotExist):
			why = "does not exist"
		case err == nil && info.Size() == 0:
			why = "is empty"
		}
		all = append(all, file+" ("+why+")")
	}
	if len(all) == 0 {
		all = append(all, "no file, since KUBECONFIG names none")
	}
	return all
}

// checkContext checks that the context exists, and what it names. Flags go before both.
func checkContext(kube *genericclioptions.ConfigFlags, config clientcmdapi.Config, server bool, files string) error {
	name := config.CurrentContext
	if given(kube.Context) {
		name = *kube.Context
	}
	context := config.Contexts[name]
	switch {
	case name == "" && server:
		return nil
	case name == "":
		return fmt.Errorf("%s: current-context is not set; choose a context with --context: %s", files, names(config.Contexts))
	case context == nil:
		return fmt.Errorf("%s: there is no context %q; choose one with --context: %s", files, name, names(config.Contexts))
	}
	cluster := config.Clusters[context.Cluster]
	switch {
	case cluster == nil && !server:
		return fmt.Errorf("%s: context %q names the cluster %q, which is not there; add it, or choose another context with --context: %s", files, name, context.Cluster, names(config.Contexts))
	case !server && cluster.Server == "":
		return fmt.Errorf("%s: cluster %q of context %q has no server; give its URL there, or with --server", files, context.Cluster, name)
	case context.AuthInfo != "" && config.AuthInfos[context.AuthInfo] == nil && !given(kube.BearerToken) && !given(kube.CertFile):
		return fmt.Errorf("%s: context %q names the user %q, who is not there; add it, or choose another context with --context: %s", files, name, context.AuthInfo, names(config.Contexts))
	}
	return checkNamed(kube, cluster, config.AuthInfos[context.AuthInfo])
}

// checkNamed checks the files that a cluster and a user of the kubeconfig name, and those of flags: all are read whole.
func checkNamed(kube *genericclioptions.ConfigFlags, cluster *clientcmdapi.Cluster, user *clientcmdapi.AuthInfo) error {
	named := map[string]string{}
	if cluster != nil {
		named["certificate-authority"] = cluster.CertificateAuthority
	}
	if user != nil {
		named["client-certificate"], named["client-key"], named["tokenFile"] = user.ClientCertificate, user.ClientKey, user.TokenFile
	}
	for flag, file := range map[string]*string{"--certificate-authority": kube.CAFile, "--client-certificate": kube.CertFile, "--client-key": kube.KeyFile} {
		if given(file) {
			named[flag] = *file
		}
	}
	var errs []error
	for _, field := range slices.Sorted(maps.Keys(named)) {
		if file := named[field]; file != "" {
			err := checkFile(file)
			if info, statErr := os.Stat(file); err == nil && statErr == nil && !info.Mode().IsRegular() {
				err = fmt.Errorf("%s is no regular file", file) // a pipe may never end, and a token is read again and again
			}
			if err != nil {
				errs = append(errs, fmt.Errorf("%s: %w; name a file that can be read", field, err))
			}
		}
	}
	return errors.Join(errs...)
}

func given(flag *string) bool { return flag != nil && *flag != "" }

// names lists the first few contexts.
func names(contexts map[string]*clientcmdapi.Context) string {
	const most = 10
	all := slices.Sorted(maps.Keys(contexts))
	switch {
	case len(all) == 0:
		return "(there is none)"
	case len(all) > most:
		return fmt.Sprintf("%s and %d more", strings.Join(all[:most], ", "), len(all)-most)
	}
	return strings.Join(all, ", ")
}

// inCluster reports whether this runs in a pod with a service account.
func inCluster() bool {
	_, err := rest.InClusterConfig()
	return err == nil
}
