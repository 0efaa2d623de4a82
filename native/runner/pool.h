/* pool.h: the threads that runner.c runs the parts of models on. One caller at a time; the caller works, too. */
#ifndef POOL_H
#define POOL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

static struct {
  pthread_mutex_t lock;
  pthread_cond_t start, end;
  int threads, busy; /* threads besides the caller's; those that have not finished this round */
  uintptr_t round;
  void (*task)(void *closure, int32_t index);
  void *closure;
  int32_t count;
  atomic_int next; /* the first task that nobody has taken */
} pool = {.lock = PTHREAD_MUTEX_INITIALIZER, .start = PTHREAD_COND_INITIALIZER, .end = PTHREAD_COND_INITIALIZER};

static void pool_work(void) {
  for (int i; (i = atomic_fetch_add(&pool.next, 1)) < pool.count;) pool.task(pool.closure, i);
}

/* given: rounds that started before the thread did; it takes no part in them */
static void *pool_thread(void *given) {
  uintptr_t seen = (uintptr_t)given;
  for (;;) {
    pthread_mutex_lock(&pool.lock);
    while (pool.round == seen) pthread_cond_wait(&pool.start, &pool.lock);
    seen = pool.round;
    pthread_mutex_unlock(&pool.lock);
    pool_work();
    pthread_mutex_lock(&pool.lock);
    if (--pool.busy == 0) pthread_cond_signal(&pool.end);
    pthread_mutex_unlock(&pool.lock);
  }
  return NULL;
}

/* Starts threads until there are `threads`, the caller's included. Returns 0 or an errno value. */
static int pool_grow(int threads) {
  for (; pool.threads < threads - 1; pool.threads++) {
    pthread_t thread;
    int error = pthread_create(&thread, NULL, pool_thread, (void *)pool.round);
    if (error) return error;
    pthread_detach(thread);
  }
  return 0;
}

/* An int8_gate_parallel_for. */
static void pool_for(void *context, int32_t count, void (*task)(void *closure, int32_t index), void *closure) {
  (void)context;
  pthread_mutex_lock(&pool.lock);
  pool.task = task;
  pool.closure = closure;
  pool.count = count;
  atomic_store(&pool.next, 0);
  pool.busy = pool.threads;
  pool.round++;
  pthread_cond_broadcast(&pool.start);
  pthread_mutex_unlock(&pool.lock);
  pool_work();
  pthread_mutex_lock(&pool.lock);
  while (pool.busy) pthread_cond_wait(&pool.end, &pool.lock);
  pthread_mutex_unlock(&pool.lock);
}

#endif
