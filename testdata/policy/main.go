// Command policy holds everything that the bundles render to rules that others wrote: Kubernetes' own pod security
// levels, kube-score, and what every cluster forbids in RBAC rules and image references. What breaks a rule is listed in
// exceptions.yaml with the reason; what breaks one and is not listed fails, and so does what is listed and breaks none.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run judges all bundles and prints what is excepted.
func run(ctx context.Context, out io.Writer) error {
	excepted, err := readExceptions(exceptionsFile)
	if err != nil {
		return err
	}
	bundles, err := renderedBundles()
	if err != nil {
		return err
	}
	var found []finding
	for _, b := range bundles {
		of, err := judge(ctx, b)
		if err != nil {
			return fmt.Errorf("bundle %s: %w", b.minor, err)
		}
		found = append(found, of...)
	}
	problems := compare(found, excepted)
	if err := print(out, bundles, found, excepted); err != nil {
		return err
	}
	return errors.Join(problems...)
}

// judge returns what in a bundle breaks a rule.
func judge(ctx context.Context, b renderedBundle) ([]finding, error) {
	pods, err := podsOf(b.objects)
	if err != nil {
		return nil, err
	}
	found, err := tokens(pods, b.objects)
	if err != nil {
		return nil, err
	}
	found = append(found, seccomp(b.minor, pods)...)
	if !b.modern() {
		return found, nil
	}
	levels, err := podSecurity(b.minor, pods)
	if err != nil {
		return nil, err
	}
	found = append(append(found, levels...), images(pods)...)
	roles, err := rbac(b.objects)
	if err != nil {
		return nil, err
	}
	scored, err := score(ctx, b)
	return append(append(found, roles...), scored...), err
}
