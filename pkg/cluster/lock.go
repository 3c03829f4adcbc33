package cluster

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/fitout-dev/fitout/pkg/concurrent"
	"github.com/fitout-dev/fitout/pkg/inventory"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/render"
	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/utils/ptr"
)

const (
	lockDuration = 15 * time.Second // without a renewal, after which others take the lock over
	lockRenewal  = 5 * time.Second
	lockLapse    = 8 * time.Second // without a renewal, after which a run that the API server answers looks why
	lockPoll     = time.Second
	releaseTime  = 2 * time.Second // how long letting go may take, so that an interrupted run ends soon
)

// A Holder tells this run from others.
type Holder struct {
	// Identity is what others read: host, process and whatever else people need to find it. No two runs have the same.
	Identity string
	// Gone, if set, tells that the run with an identity has certainly ended without letting go, so that nobody needs to
	// wait for its lock to expire.
	Gone func(identity string) bool
}

// A LockedError says that another run is changing the cluster.
type LockedError struct {
	Holder string
	Since  time.Time
}

func (e *LockedError) Error() string {
	since := ""
	if !e.Since.IsZero() {
		since = " since " + e.Since.UTC().Format(time.RFC3339)
	}
	return fmt.Sprintf("%s is changing the cluster%s (Lease %s/%s); wait until it has ended, or give more --lock-timeout",
		e.Holder, since, render.Namespace, inventory.LockName)
}

// ErrLockLost ends a run whose lock another run has taken: it was paused for too long.
var ErrLockLost = errors.New("another run has taken the lock over, since this one did not renew it in time; run the same command again")

// Lock takes the cluster's lock. While another run has it, waiting is told who, and it is tried again for the given time;
// then the error is a LockedError. The returned context ends when the lock is lost. release lets go of the lock.
func (c *Client) Lock(ctx context.Context, patience time.Duration, waiting func(holder string)) (locked context.Context, release func(), err error) {
	l := &lock{client: c, resource: c.in(leases, true, render.Namespace), holder: c.Holder}
	if err := l.acquire(ctx, patience, waiting); err != nil {
		return ctx, nil, fmt.Errorf("lock the cluster: %w", explain(err))
	}
	locked, cancel := context.WithCancelCause(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		l.keep(locked, cancel)
	}()
	return locked, func() {
		cancel(context.Canceled)
		<-done
		l.release(context.WithoutCancel(ctx))
	}, nil
}

var leases = schema.GroupVersionResource{Group: "coordination.k8s.io", Version: "v1", Resource: "leases"}

// lock is the Lease as this run has it.
type lock struct {
	client   *Client
	resource dynamic.ResourceInterface
	holder   Holder
	version  string // resource version of what we wrote last
	acquired time.Time
}

func (l *lock) acquire(ctx context.Context, patience time.Duration, waiting func(string)) error {
	deadline := time.Now().Add(patience)
	var seen string // the resource version of the other's Lease, and since when it has been that
	var since time.Time
	l.acquired = time.Now()
	for {
		other, err := l.try(ctx, seen, since)
		if err != nil || other == nil {
			return err
		}
		if other.ResourceVersion != seen {
			first := seen == ""
			seen, since = other.ResourceVersion, time.Now()
			if first {
				continue // with what is known now it may be ours at once
			}
		}
		if !time.Now().Before(deadline) {
			return &LockedError{Holder: ptr.Deref(other.Spec.HolderIdentity, "?"), Since: ptr.Deref(other.Spec.AcquireTime, metav1.MicroTime{}).Time}
		}
		waiting(ptr.Deref(other.Spec.HolderIdentity, "?"))
		if err := concurrent.Sleep(ctx, lockPoll); err != nil {
			return err
		}
	}
}

// try takes the lock, or returns the Lease of who has it. seen and since say for how long that Lease has not changed, by
// our own clock: those of others may be wrong.
func (l *lock) try(ctx context.Context, seen string, since time.Time) (*coordinationv1.Lease, error) {
	err := l.write(ctx, l.resource.Create, "")
	if !apierrors.IsAlreadyExists(err) {
		return nil, err
	}
	other, err := l.read(ctx)
	if apierrors.IsNotFound(err) {
		return &coordinationv1.Lease{}, nil // let go of just now
	}
	if err != nil {
		return nil, err
	}
	identity := ptr.Deref(other.Spec.HolderIdentity, "")
	expired := other.ResourceVersion == seen && time.Since(since) > lockDuration
	switch {
	case identity == l.holder.Identity: // the answer to a first try was lost
		l.version = other.ResourceVersion
		return nil, nil
	case identity == "" || expired || l.holder.Gone != nil && l.holder.Gone(identity):
		err := l.write(ctx, l.update, other.ResourceVersion)
		if apierrors.IsConflict(err) || apierrors.IsNotFound(err) {
			return &coordinationv1.Lease{}, nil // somebody was faster: look again
		}
		return nil, err
	}
	return other, nil
}

// keep renews the lock until the context ends, and ends it when another run has the lock, or may have it soon because this one cannot
// renew it. An API server that cannot be reached takes nobody's lock away.
func (l *lock) keep(ctx context.Context, lost context.CancelCauseFunc) {
	renewed := time.Now()
	for concurrent.Sleep(ctx, lockRenewal) == nil {
		err := l.renew(ctx)
		if err == nil {
			renewed = time.Now()
			continue
		}
		if !apierrors.IsConflict(err) && !apierrors.IsNotFound(err) {
			if since := time.Since(renewed); since > lockLapse && ctx.Err() == nil && l.answered(ctx) {
				lost(fmt.Errorf("the lock was not renewed for %v, and another run may take it: %w; let this account update the Lease %s/%s, and run the same command again",
					since.Round(time.Second), explain(err), render.Namespace, inventory.LockName))
			}
			continue
		}
		now, err := l.read(ctx)
		switch {
		case err == nil && ptr.Deref(now.Spec.HolderIdentity, "") == l.holder.Identity: // the answer to a renewal was lost
			l.version = now.ResourceVersion
		case apierrors.IsNotFound(err) && l.write(ctx, l.resource.Create, "") == nil: // somebody broke the lock; nobody took it
		case ctx.Err() == nil && (err == nil || apierrors.IsNotFound(err)):
			lost(ErrLockLost)
		}
	}
}

// renew renews the lock, and does not wait for that beyond the time of the next renewal.
func (l *lock) renew(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, lockRenewal)
	defer cancel()
	return l.write(ctx, l.update, l.version)
}

// answered reports whether the API server answers a question about the lock soon, whatever the answer: it is no outage then.
func (l *lock) answered(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, releaseTime)
	defer cancel()
	_, err := l.resource.Get(ctx, inventory.LockName, metav1.GetOptions{})
	var status apierrors.APIStatus
	if !errors.As(err, &status) {
		return err == nil
	}
	return status.Status().Code < 500 && status.Status().Code != 429
}

// release deletes the Lease if it is still ours.
func (l *lock) release(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, releaseTime)
	defer cancel()
	// What cannot be deleted expires.
	_ = l.resource.Delete(ctx, inventory.LockName, metav1.DeleteOptions{Preconditions: &metav1.Preconditions{ResourceVersion: &l.version}})
}

func (l *lock) update(ctx context.Context, o *manifest.Object, _ metav1.CreateOptions, _ ...string) (*manifest.Object, error) {
	return l.resource.Update(ctx, o, metav1.UpdateOptions{FieldManager: FieldManager})
}

// write sends our Lease by one of the two verbs.
func (l *lock) write(ctx context.Context, send func(context.Context, *manifest.Object, metav1.CreateOptions, ...string) (*manifest.Object, error), version string) error {
	now := metav1.NowMicro()
	acquired := metav1.NewMicroTime(l.acquired)
	lease := coordinationv1.Lease{
		TypeMeta:   metav1.TypeMeta{APIVersion: "coordination.k8s.io/v1", Kind: "Lease"},
		ObjectMeta: metav1.ObjectMeta{Name: inventory.LockName, Namespace: render.Namespace, ResourceVersion: version, Labels: map[string]string{render.LabelManagedBy: render.ManagedBy}},
		Spec: coordinationv1.LeaseSpec{
			HolderIdentity: &l.holder.Identity, LeaseDurationSeconds: ptr.To(int32(lockDuration.Seconds())), AcquireTime: &acquired, RenewTime: &now,
		},
	}
	fields, err := runtime.DefaultUnstructuredConverter.ToUnstructured(&lease)
	if err != nil {
		return err
	}
	var written *manifest.Object
	err = l.client.retry(ctx, func() error {
		written, err = send(ctx, &manifest.Object{Object: fields}, metav1.CreateOptions{FieldManager: FieldManager})
		return err
	})
	if err == nil {
		l.version = written.GetResourceVersion()
	}
	return err
}

func (l *lock) read(ctx context.Context) (*coordinationv1.Lease, error) {
	var lease coordinationv1.Lease
	err := l.client.retry(ctx, func() error {
		o, err := l.resource.Get(ctx, inventory.LockName, metav1.GetOptions{})
		if err != nil {
			return err
		}
		return manifest.Into(o.Object, &lease)
	})
	return &lease, err
}
