package cluster

import (
	"fmt"
	"strings"

	"github.com/fitout-dev/fitout/pkg/fieldowner"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// A ConflictError says that others manage fields that Fitout sets.
type ConflictError struct {
	Conflicts []fieldowner.Conflict
	cause     error // the server's own account, for a conflict that cannot be told field by field
}

func (e *ConflictError) Error() string {
	var fields []string
	for _, c := range e.Conflicts {
		fields = append(fields, c.String())
	}
	if len(fields) == 0 {
		fields = []string{e.cause.Error()}
	}
	return strings.Join(fields, "; ") + "; run again with --conflicts keep or --conflicts take-over, or with --adopt to take over what another tool installed"
}

func (e *ConflictError) Unwrap() error { return e.cause }

// explain gives API errors the remedy that they lack.
func explain(err error) error {
	switch {
	case apierrors.IsForbidden(err) && strings.Contains(err.Error(), "exceeded quota"):
		return fmt.Errorf("%w; raise the quota, or make room in the namespace", err)
	case apierrors.IsForbidden(err):
		return fmt.Errorf("%w; give the user of the kubeconfig this right (fitout rbac prints all that are needed)", err)
	case apierrors.IsUnauthorized(err):
		return fmt.Errorf("%w; renew the credentials of the kubeconfig", err)
	case apierrors.IsInvalid(err) && strings.Contains(err.Error(), "immutable"):
		return fmt.Errorf("%w; delete the object if nothing depends on it, or run again with --recreate KIND/NAME", err)
	}
	return err
}
