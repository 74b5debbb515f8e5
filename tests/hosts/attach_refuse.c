/* attach_refuse: starts a program under a kernel that does not let program text be changed. */
/* LINK: */
/* attach_refuse exec|write-exec|all PROGRAM [ARGS]
 *
 *   exec         no memory becomes executable (mprotect)
 *   write-exec   no memory becomes writable and executable (mprotect)
 *   all          nor can /proc/self/mem be written (pwrite64)
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define EQUAL(value, yes, no) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), (yes), (no))
#define RETURN(value) BPF_STMT(BPF_RET | BPF_K, (value))
#define REFUSE RETURN(SECCOMP_RET_ERRNO | EACCES)

/* mprotect(.., PROT) is refused where all bits of MASK are set in PROT. */
static int refuse_mprotect(unsigned mask)
{
    struct sock_filter code[] = {
        LOAD(nr),
        EQUAL(SYS_mprotect, 0, 4),
        LOAD(args[2]),
        BPF_STMT(BPF_ALU | BPF_AND | BPF_K, mask),
        EQUAL(mask, 0, 1),
        REFUSE,
        RETURN(SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof code / sizeof *code, code};
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

static int refuse_pwrite(void)
{
    struct sock_filter code[] = {
        LOAD(nr),
        EQUAL(SYS_pwrite64, 0, 1),
        REFUSE,
        RETURN(SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof code / sizeof *code, code};
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

int main(int argc, char **argv)
{
    if (argc < 3)
        return 2;
    int all = strcmp(argv[1], "all") == 0;
    unsigned mask = strcmp(argv[1], "exec") == 0 ? PROT_EXEC : PROT_WRITE | PROT_EXEC;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || (all && refuse_pwrite() != 0) ||
        refuse_mprotect(mask) != 0) {
        perror("attach_refuse");
        return 77;
    }
    execvp(argv[2], argv + 2);
    perror(argv[2]);
    return 127;
}
