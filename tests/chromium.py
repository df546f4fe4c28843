"""Opens pages in headless Chromium, at desk and phone width, by day and by night, and says what a reader would run into:
console messages, requests, a page wider than the screen, pictures without a name, text too faint to read.

chromium.py [--shots FOLDER] [--open] FILE...   one line `ok WHAT` or `not ok WHAT: WHY` for each thing looked at; exit 1 when
any is not.  Needs nothing but Chromium: it is driven through its debugging pipe.  Exit 77: there is no Chromium."""
import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

WIDTHS = (1280, 390)
SCHEMES = ('light', 'dark')
PATIENCE = 60


class Browser:
    def __init__(self, program):
        self.folder = tempfile.mkdtemp()
        to_them, ours_out = os.pipe()
        ours_in, from_them = os.pipe()

        def place():
            # Chromium reads on 3 and writes on 4; the copies below are out of the way of both.
            a, b = os.dup2(to_them, 20), os.dup2(from_them, 21)
            os.dup2(a, 3)
            os.dup2(b, 4)
        arguments = [program, '--headless=new', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-extensions',
                     '--disable-background-networking', '--disable-dev-shm-usage', '--hide-scrollbars',
                     '--user-data-dir=' + self.folder, '--remote-debugging-pipe', 'about:blank']
        self.process = subprocess.Popen(arguments, preexec_fn=place, close_fds=False, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(to_them)
        os.close(from_them)
        self.out, self.inn, self.rest, self.number, self.events = ours_out, ours_in, b'', 0, []
        os.set_blocking(self.inn, False)
        target = self.ask('Target.createTarget', {'url': 'about:blank'})['targetId']
        self.session = None
        self.session = self.ask('Target.attachToTarget', {'targetId': target, 'flatten': True})['sessionId']
        for domain in ('Page', 'Runtime', 'Log', 'Network', 'DOM', 'Accessibility'):
            self.ask(domain + '.enable')

    def read(self, until):
        while time.monotonic() < until:
            at = self.rest.find(b'\0')
            if at >= 0:
                message, self.rest = self.rest[:at], self.rest[at + 1:]
                return json.loads(message)
            try:
                octets = os.read(self.inn, 1 << 20)
                if not octets:
                    raise EOFError('Chromium went away')
                self.rest += octets
            except BlockingIOError:
                time.sleep(0.01)
        raise TimeoutError('Chromium does not answer')

    def ask(self, method, params=None):
        self.number += 1
        number = self.number
        message = {'id': number, 'method': method, 'params': params or {}}
        if getattr(self, 'session', None):
            message['sessionId'] = self.session
        octets = json.dumps(message).encode() + b'\0'
        while octets:
            octets = octets[os.write(self.out, octets):]
        until = time.monotonic() + PATIENCE
        while True:
            answer = self.read(until)
            if answer.get('id') == number:
                if 'error' in answer:
                    raise RuntimeError('%s: %s' % (method, answer['error']['message']))
                return answer['result']
            if 'method' in answer:
                self.events.append(answer)

    def wait(self, method):
        until = time.monotonic() + PATIENCE
        while not any(event['method'] == method for event in self.events):
            answer = self.read(until)
            if 'method' in answer:
                self.events.append(answer)

    def script(self, source):
        result = self.ask('Runtime.evaluate', {'expression': source, 'returnByValue': True})
        if 'exceptionDetails' in result:
            raise RuntimeError(str(result['exceptionDetails'])[:400])
        return result['result'].get('value')

    def close(self):
        try:
            self.session = None
            self.ask('Browser.close')
        except (OSError, EOFError, TimeoutError):
            pass
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


# Elements that reach beyond the screen without a frame that scrolls; text whose contrast with what lies behind is below 4.5.
OVERFLOW = """(() => { const w = document.documentElement.clientWidth, found = [];
  if (document.documentElement.scrollWidth > w) found.push('the page is ' + document.documentElement.scrollWidth + ' wide');
  for (const e of document.querySelectorAll('body *')) {
    if (e.closest('.frame') && !e.classList.contains('frame')) continue;
    if (e.closest('svg') && e.tagName != 'svg') continue;
    if (e.classList.contains('gone')) continue;
    const r = e.getBoundingClientRect();
    if (r.width && (r.right > w + 1 || r.left < -1)) found.push(e.tagName + '.' + e.className + ' at ' + Math.round(r.right));
  }
  for (const box of document.querySelectorAll('.card, details')) {
    const r = box.getBoundingClientRect();
    for (const e of box.querySelectorAll('*')) {
      if (e.closest('.frame, .gone, svg')) continue;
      const s = e.getBoundingClientRect();
      if (s.width && s.right > r.right + 1) found.push(e.tagName + '.' + e.className + ' leaves its ' + box.tagName);
    }
  }
  return found.slice(0, 5).join('; '); })()"""
CONTRAST = """(() => { const found = [];
  const lum = c => { const f = c.map(v => { v /= 255; return v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; });
    return .2126 * f[0] + .7152 * f[1] + .0722 * f[2]; };
  const rgb = s => s.match(/[\\d.]+/g).map(Number);
  for (const e of document.querySelectorAll('body *')) {
    if (![...e.childNodes].some(n => n.nodeType == 3 && n.data.trim()) || !e.getClientRects().length) continue;
    const style = getComputedStyle(e);
    let b = e, back = [255, 255, 255, 0];
    for (; b; b = b.parentElement) { const c = rgb(getComputedStyle(b).backgroundColor);
      if (c.length == 3 || c[3] > 0) { back = c; break; } }
    const ink = rgb(e.closest('svg') ? style.fill : style.color);
    const [x, y] = [lum(ink), lum(back)].sort((p, q) => q - p), ratio = (x + .05) / (y + .05);
    if (ratio < 4.5) found.push(e.tagName + '.' + e.getAttribute('class') + ' ' + ratio.toFixed(2) + ' ' + e.textContent.trim().slice(0, 20));
  }
  return [...new Set(found)].slice(0, 5).join('; '); })()"""
NAMES = """(() => { const found = [];
  for (const e of document.querySelectorAll('svg')) if (e.getAttribute('aria-hidden') != 'true' && !(e.getAttribute('aria-label')
      || document.getElementById(e.getAttribute('aria-labelledby') || ''))) found.push('a picture without a name');
  for (const a of document.querySelectorAll('a[href^="#"]'))
    if (!document.getElementById(a.getAttribute('href').slice(1))) found.push('a link to nothing: ' + a.getAttribute('href'));
  for (const th of document.querySelectorAll('th')) if (!th.textContent.trim()) found.push('a heading without a word in ' +
    th.closest('.frame')?.getAttribute('aria-label'));
  const ids = [...document.querySelectorAll('[id]')].map(e => e.id);
  for (const id of ids) if (ids.indexOf(id) != ids.lastIndexOf(id)) found.push('two are called ' + id);
  let level = 0;
  for (const h of document.querySelectorAll('h1, h2, h3, h4')) { const n = +h.tagName[1];
    if (n > level + 1) found.push(h.tagName + ' behind H' + level); level = n; }
  if (document.querySelectorAll('script, iframe, object, embed, img, link, form, base').length) found.push('a forbidden element');
  for (const e of document.querySelectorAll('*')) for (const a of e.attributes)
    if (/^on/i.test(a.name) || (/^(href|src|xlink:href)$/i.test(a.name) && !/^(#|([A-Za-z0-9._%-]+\\/)?[A-Za-z0-9._%-]+\\.html(#[a-z0-9-]+)?$)/.test(a.value)))
      found.push('attribute ' + a.name + '=' + a.value.slice(0, 40));
  return found.slice(0, 5).join('; '); })()"""


def look(browser, path, width, scheme, opened, shots):
    name = '%s at %d, %s%s' % (os.path.basename(path), width, scheme, ', all open' if opened else '')
    browser.ask('Emulation.setDeviceMetricsOverride', {'width': width, 'height': 900, 'deviceScaleFactor': 1,
                                                       'mobile': width < 600})
    browser.ask('Emulation.setEmulatedMedia', {'features': [{'name': 'prefers-color-scheme', 'value': scheme}]})
    browser.events = []
    url = 'file://' + os.path.abspath(path)
    browser.ask('Page.navigate', {'url': url})
    browser.wait('Page.loadEventFired')
    if opened:
        browser.script("document.querySelectorAll('details').forEach(d => { d.open = true; })")
    findings = {'fits': browser.script(OVERFLOW), 'can be read': browser.script(CONTRAST), 'is sound': browser.script(NAMES)}
    if shots:
        size = browser.script('[document.documentElement.scrollWidth, document.documentElement.scrollHeight]')
        clip = {'x': 0, 'y': 0, 'width': width, 'height': min(size[1], 16000), 'scale': 1}
        picture = browser.ask('Page.captureScreenshot', {'captureBeyondViewport': True, 'clip': clip})
        shot = '%s-%d-%s%s.png' % (os.path.splitext(os.path.basename(path))[0], width, scheme, '-open' if opened else '')
        with open(os.path.join(shots, shot), 'wb') as out:
            out.write(base64.b64decode(picture['data']))
    said = [event for event in browser.events if event['method'] in ('Runtime.consoleAPICalled', 'Log.entryAdded',
                                                                      'Runtime.exceptionThrown')]
    asked = [event['params']['request']['url'] for event in browser.events
             if event['method'] == 'Network.requestWillBeSent' and event['params']['request']['url'] != url]
    findings['says nothing'] = json.dumps(said)[:300] if said else ''
    findings['asks for nothing'] = ' '.join(asked)[:300]
    good = True
    for what, why in findings.items():
        print('%s %s %s%s' % ('not ok' if why else 'ok', name, what, ': ' + why if why else ''))
        good = good and not why
    return good


def main(arguments):
    program = next((found for found in map(shutil.which, ('chromium', 'chromium-browser', 'google-chrome')) if found), None)
    shots, opened, files = None, False, []
    arguments = iter(arguments)
    for argument in arguments:
        if argument == '--shots':
            shots = next(arguments)
            os.makedirs(shots, exist_ok=True)
        elif argument == '--open':
            opened = True
        else:
            files.append(argument)
    if not program:
        return 77
    browser = Browser(program)
    try:
        return 0 if all([look(browser, path, width, scheme, opened, shots)
                         for path in files for width in WIDTHS for scheme in SCHEMES]) else 1
    finally:
        browser.close()


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
