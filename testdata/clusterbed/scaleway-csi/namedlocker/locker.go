// Package namedlocker takes the place of a small library that the driver uses
// and the module proxy does not serve: a lock for each name.
package namedlocker

import "sync"

// Store holds the locks. Its zero value holds none.
type Store struct{ locks sync.Map }

// Lock takes the lock of a name.
func (s *Store) Lock(name string) {
	lock, _ := s.locks.LoadOrStore(name, &sync.Mutex{})
	lock.(*sync.Mutex).Lock()
}

// Unlock gives the lock of a name back.
func (s *Store) Unlock(name string) {
	if lock, ok := s.locks.Load(name); ok {
		lock.(*sync.Mutex).Unlock()
	}
}
