package probe

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// writeFile is good once the file and its entry in the folder are on the disk: what only memory holds does not move to
// another node.
func writeFile(ctx context.Context, t Task) (string, error) {
	return bounded(ctx, t, func() (string, error) {
		file, err := os.OpenFile(t.Path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
		if err != nil {
			return "", err
		}
		_, err = file.WriteString(t.Text)
		if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
			return "", err
		}
		folder, err := os.Open(filepath.Dir(t.Path))
		if err != nil {
			return "", err
		}
		return fmt.Sprintf("%d bytes", len(t.Text)), errors.Join(folder.Sync(), folder.Close())
	})
}

// takeFile removes the file so that nothing is left on a volume that stays.
func takeFile(ctx context.Context, t Task) (string, error) {
	return bounded(ctx, t, func() (string, error) {
		text, err := os.ReadFile(t.Path)
		switch {
		case errors.Is(err, os.ErrNotExist):
			return "", fmt.Errorf("what was written is lost: %w", err)
		case err != nil:
			return "", err
		case string(text) != t.Text:
			return "", fmt.Errorf("what was written is lost: %s holds %d other bytes", t.Path, len(text))
		}
		return fmt.Sprintf("%d bytes", len(text)), os.Remove(t.Path)
	})
}

// bounded does something with a file while ctx lasts. A disk that does not answer cannot be interrupted: what waits for it
// is left behind, and ends with the process.
func bounded(ctx context.Context, t Task, do func() (string, error)) (string, error) {
	type outcome struct {
		answer string
		err    error
	}
	done := make(chan outcome, 1)
	go func() {
		answer, err := do()
		done <- outcome{answer, err}
	}()
	select {
	case o := <-done:
		return o.answer, o.err
	case <-ctx.Done():
		return "", fmt.Errorf("%s: %w", t.Path, ctx.Err())
	}
}
