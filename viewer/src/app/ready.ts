// How far the page is and who read its data, for those who look at it from outside (tests): html[data-ready], [data-reader].

/** yes: shown; all: and what views will ask for first is made; error: a sentence is shown instead. */
export function ready(how: 'yes' | 'all' | 'error'): void {
    document.documentElement.dataset['ready'] = how;
}

export function readBy(who: 'worker' | 'page'): void {
    document.documentElement.dataset['reader'] = who;
}
