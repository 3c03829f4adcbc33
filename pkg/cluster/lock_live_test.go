package cluster_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/fitout-dev/fitout/internal/bed"
	"github.com/fitout-dev/fitout/internal/bed/bedtest"
	"github.com/fitout-dev/fitout/pkg/cluster"
)

// TestLock lets runs meet: one that works, one that was killed, one that was paused for too long.
func TestLock(t *testing.T) {
	t.Parallel()
	for _, minor := range []string{"1.36", "1.18"} {
		t.Run(minor, func(t *testing.T) {
			t.Parallel()
			f := fixture{T: t, config: restConfig(t, bedtest.Start(t, bed.Options{Minor: minor}))}
			t.Run("in use", func(t *testing.T) { locksOut(t, f) })
			t.Run("killed here", func(t *testing.T) { takesOverAtOnce(t, f) })
			t.Run("killed elsewhere", func(t *testing.T) { takesOverInTime(t, f) })
			t.Run("paused", func(t *testing.T) { losesTheLock(t, f) })
		})
	}
}

func (f *fixture) runner(name string, gone bool) *cluster.Client {
	return f.connect(cluster.Options{Holder: cluster.Holder{Identity: name, Gone: func(string) bool { return gone }}})
}

func locksOut(t *testing.T, f fixture) {
	_, release, err := f.runner("first", false).Lock(t.Context(), 0, nobody)
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = f.runner("second", false).Lock(t.Context(), 0, nobody)
	var locked *cluster.LockedError
	if !errors.As(err, &locked) || locked.Holder != "first" || time.Since(locked.Since) > time.Minute || !strings.Contains(err.Error(), "--lock-timeout") {
		t.Errorf("error %v does not name the holder, since when, and what to do", err)
	}
	told := make(chan string, 100)
	go func() {
		<-told
		release()
	}()
	_, second, err := f.runner("second", false).Lock(t.Context(), time.Minute, func(holder string) { told <- holder })
	if err != nil {
		t.Fatalf("the lock was let go of, but: %v", err)
	}
	second()
}

// killed takes the lock as a run does that is then killed: nobody renews it, nobody lets go of it.
func killed(t *testing.T, f fixture) {
	t.Helper()
	ctx, kill := context.WithCancel(t.Context())
	if _, _, err := f.runner("killed", false).Lock(ctx, 0, nobody); err != nil {
		t.Fatal(err)
	}
	kill()
}

func takesOverAtOnce(t *testing.T, f fixture) {
	killed(t, f)
	_, release, err := f.runner("next", true).Lock(t.Context(), 0, nobody)
	if err != nil {
		t.Fatal(err)
	}
	release()
}

func takesOverInTime(t *testing.T, f fixture) {
	killed(t, f)
	begin := time.Now()
	_, release, err := f.runner("next", false).Lock(t.Context(), time.Minute, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	release()
	if took := time.Since(begin); took < 10*time.Second {
		t.Errorf("a lock that may be in use was taken over after %v", took)
	}
}

// A run whose lock another has taken ends, and does not take the other's lock away when it lets go.
func losesTheLock(t *testing.T, f fixture) {
	locked, release, err := f.runner("paused", false).Lock(t.Context(), 0, nobody)
	if err != nil {
		t.Fatal(err)
	}
	_, other, err := f.runner("other", true).Lock(t.Context(), 0, nobody)
	if err != nil {
		t.Fatal(err)
	}
	defer other()
	select {
	case <-locked.Done():
		if !errors.Is(context.Cause(locked), cluster.ErrLockLost) {
			t.Errorf("the run ends with %v", context.Cause(locked))
		}
	case <-time.After(30 * time.Second):
		t.Error("the run goes on without its lock")
	}
	release()
	if _, _, err := f.runner("third", false).Lock(t.Context(), 0, nobody); err == nil {
		t.Error("the paused run let go of the other's lock")
	}
}

func nobody(string) {}
